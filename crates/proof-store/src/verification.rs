//! Attempts to prove identity.

use crate::{
    db::{Tx, args},
    error::StoreError,
    row::Versioned,
    statement::statements,
};
use proof_core::{
    id::{CustomerId, PersonId, VerificationId},
    identity::Verification,
};

statements! {
    VERIFICATION_INSERT = "INSERT INTO verifications (id, customer_id, order_id, version, state, body, created_at) VALUES ($1, $2, $3, 1, $4, $5, $6)";
    VERIFICATION_LATEST = "SELECT id, version, body FROM verifications WHERE customer_id = $1 ORDER BY id DESC LIMIT 1";
    VERIFICATION_APPROVED = "SELECT id, version, body FROM verifications WHERE customer_id = $1 AND state = 'approved' ORDER BY id DESC LIMIT 1";
    VERIFICATION_LOAD = "SELECT id, version, body FROM verifications WHERE id = $1";
    VERIFICATION_REVIEWED = "SELECT id, version, body FROM verifications WHERE state = 'review' ORDER BY id LIMIT $1";
    VERIFICATION_OF_PERSON = "SELECT v.id, v.version, v.body FROM verifications v JOIN customers c ON c.id = v.customer_id WHERE c.person_id = $1 ORDER BY v.id DESC LIMIT $2";
    VERIFICATION_HELD = "SELECT v.id, v.version, v.body FROM verifications v JOIN customers c ON c.id = v.customer_id JOIN persons p ON p.id = c.person_id WHERE p.hold IS NOT NULL AND v.id < $1 ORDER BY v.id DESC LIMIT $2";
    VERIFICATION_SAVE = "UPDATE verifications SET version = version + 1, state = $1, body = $2 WHERE id = $3 AND version = $4";
}

#[derive(Clone, Debug)]
pub struct StoredVerification {
    pub verification: Verification,
    pub version: i64,
}

impl TryFrom<Versioned> for StoredVerification {
    type Error = StoreError;

    fn try_from(row: Versioned) -> Result<Self, StoreError> {
        let (verification, version) = row.read("verifications")?;
        Ok(Self {
            verification,
            version,
        })
    }
}

impl Tx {
    pub async fn verification_insert(&mut self, v: &Verification) -> Result<(), StoreError> {
        let args = args![
            v.id.uuid(),
            v.customer.uuid(),
            v.order.uuid(),
            v.state.name(),
            serde_json::to_value(v).unwrap_or_default(),
            v.started_at,
        ];
        self.execute_one("verifications", VERIFICATION_INSERT, args)
            .await
    }

    pub async fn verification_latest(
        &mut self,
        customer: CustomerId,
    ) -> Result<Option<StoredVerification>, StoreError> {
        let args = args![customer.uuid()];
        let row: Option<Versioned> = self.fetch_optional(VERIFICATION_LATEST, args).await?;
        row.map(StoredVerification::try_from).transpose()
    }

    /// The last one that proved who the customer is, whatever was begun since.
    pub async fn verification_approved(
        &mut self,
        customer: CustomerId,
    ) -> Result<Option<StoredVerification>, StoreError> {
        let args = args![customer.uuid()];
        let row: Option<Versioned> = self.fetch_optional(VERIFICATION_APPROVED, args).await?;
        row.map(StoredVerification::try_from).transpose()
    }

    pub async fn verification_load(
        &mut self,
        id: VerificationId,
    ) -> Result<Option<StoredVerification>, StoreError> {
        let row: Option<Versioned> = self
            .fetch_optional(VERIFICATION_LOAD, args![id.uuid()])
            .await?;
        row.map(StoredVerification::try_from).transpose()
    }

    /// Attempts that people have to look at, the oldest first.
    pub async fn verification_reviewed(
        &mut self,
        limit: i64,
    ) -> Result<Vec<Verification>, StoreError> {
        let rows: Vec<Versioned> = self.fetch_all(VERIFICATION_REVIEWED, args![limit]).await?;
        let stored = rows.into_iter().map(StoredVerification::try_from);
        stored.map(|one| Ok(one?.verification)).collect()
    }

    /// All attempts of a person's customers, the newest first.
    pub async fn verification_of_person(
        &mut self,
        person: PersonId,
        limit: i64,
    ) -> Result<Vec<Verification>, StoreError> {
        let args = args![person.uuid(), limit];
        let rows: Vec<Versioned> = self.fetch_all(VERIFICATION_OF_PERSON, args).await?;
        let stored = rows.into_iter().map(StoredVerification::try_from);
        stored.map(|one| Ok(one?.verification)).collect()
    }

    /// A page of the attempts before this one of persons who must be kept, the newest first.
    pub async fn verification_held(
        &mut self,
        before: VerificationId,
        limit: i64,
    ) -> Result<Vec<Verification>, StoreError> {
        let args = args![before.uuid(), limit];
        let rows: Vec<Versioned> = self.fetch_all(VERIFICATION_HELD, args).await?;
        let stored = rows.into_iter().map(StoredVerification::try_from);
        stored.map(|one| Ok(one?.verification)).collect()
    }

    pub async fn verification_save(
        &mut self,
        v: &Verification,
        version: i64,
    ) -> Result<(), StoreError> {
        let body = serde_json::to_value(v).unwrap_or_default();
        let args = args![v.state.name(), body, v.id.uuid(), version];
        self.execute_one("verifications", VERIFICATION_SAVE, args)
            .await
    }
}
