//! What attempts left behind of those who made them, so that the same person is known again.

use crate::{
    db::{Tx, args},
    error::StoreError,
    row::Time,
    statement::statements,
};
use proof_core::{
    Timestamp,
    id::{CustomerId, PersonId, VerificationId},
    partner::Environment,
};
use uuid::Uuid;

statements! {
    PROOF_SAVE = "INSERT INTO proofs (verification_id, environment, customer_id, person_id, verdict, reason, document_hash, document_ends, face_model, face, email_hash, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (verification_id) DO UPDATE SET person_id = excluded.person_id, verdict = excluded.verdict, reason = excluded.reason, document_hash = COALESCE(proofs.document_hash, excluded.document_hash), document_ends = COALESCE(proofs.document_ends, excluded.document_ends), face_model = COALESCE(proofs.face_model, excluded.face_model), face = COALESCE(proofs.face, excluded.face)";
    PROOF_RULE = "UPDATE proofs SET person_id = $1, verdict = $2, reason = $3 WHERE verification_id = $4";
    PROOF_DROP = "DELETE FROM proofs WHERE verification_id = $1 AND verdict = 'waiting'";
    PROOF_OF_DOCUMENT = "SELECT verification_id, environment, customer_id, person_id, verdict, reason, document_hash, document_ends, face_model, face, email_hash, created_at FROM proofs WHERE document_hash = $1 AND verification_id <> $2 AND verdict <> 'waiting' ORDER BY verification_id DESC LIMIT $3";
    PROOF_LOAD = "SELECT verification_id, environment, customer_id, person_id, verdict, reason, document_hash, document_ends, face_model, face, email_hash, created_at FROM proofs WHERE verification_id = $1";
    PROOF_BY_EMAIL = "SELECT verification_id, environment, customer_id, person_id, verdict, reason, document_hash, document_ends, face_model, face, email_hash, created_at FROM proofs WHERE email_hash = $1 AND verdict = 'approved' AND face IS NOT NULL ORDER BY verification_id DESC LIMIT 1";
    PROOF_OF_PERSON = "SELECT verification_id, environment, customer_id, person_id, verdict, reason, document_hash, document_ends, face_model, face, email_hash, created_at FROM proofs WHERE person_id = $1 AND verdict = 'approved' ORDER BY verification_id DESC LIMIT $2";
    PROOF_FACES = "SELECT verification_id, environment, customer_id, person_id, verdict, reason, document_hash, document_ends, face_model, face, email_hash, created_at FROM proofs WHERE environment = $1 AND face_model = $2 AND face IS NOT NULL AND verification_id < $3 AND verdict <> 'waiting' ORDER BY verification_id DESC LIMIT $4";
    PROOF_ERASE = "UPDATE proofs SET document_hash = NULL, face_model = NULL, face = NULL, email_hash = NULL WHERE person_id = $1 OR customer_id IN (SELECT id FROM customers WHERE person_id = $1)";
    PROOF_FORGET = "UPDATE proofs SET document_hash = NULL, face_model = NULL, face = NULL, email_hash = NULL WHERE created_at < $1 AND (document_hash IS NOT NULL OR face IS NOT NULL OR email_hash IS NOT NULL) AND (person_id IS NULL OR person_id NOT IN (SELECT id FROM persons WHERE hold IS NOT NULL)) AND customer_id NOT IN (SELECT c.id FROM customers c JOIN persons p ON p.id = c.person_id WHERE p.hold IS NOT NULL)";
    PROOF_LEFT = "SELECT verification_id AS id FROM proofs WHERE (person_id = $1 OR customer_id IN (SELECT id FROM customers WHERE person_id = $1)) AND (document_hash IS NOT NULL OR face IS NOT NULL OR email_hash IS NOT NULL) LIMIT 1";
    PERSON_LOAD = "SELECT hold, erased_at FROM persons WHERE id = $1";
    PERSON_HOLD = "UPDATE persons SET hold = $1 WHERE id = $2";
    PERSON_ERASED = "UPDATE persons SET erased_at = $1 WHERE id = $2";
    PROOF_LOCK = "SELECT id FROM installation", lock = " FOR UPDATE";
    PERSON_CHECK_LOAD = "SELECT person_check FROM installation";
    PERSON_CHECK_SAVE = "UPDATE installation SET person_check = $1";
}

/// What came of an attempt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// People look at it.
    Waiting,
    Approved(PersonId),
    /// For good.
    Refused(String),
}

impl Verdict {
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Approved(_) => "approved",
            Self::Refused(_) => "refused",
        }
    }

    fn person(&self) -> Option<Uuid> {
        match self {
            Self::Approved(person) => Some(person.uuid()),
            Self::Waiting | Self::Refused(_) => None,
        }
    }

    fn reason(&self) -> Option<String> {
        match self {
            Self::Refused(reason) => Some(reason.clone()),
            Self::Waiting | Self::Approved(_) => None,
        }
    }
}

#[derive(Clone, Debug)]
pub struct ProofRow {
    pub verification: VerificationId,
    pub environment: Environment,
    pub customer: CustomerId,
    pub verdict: Verdict,
    /// Of the document's number, under the key of the persons.
    pub document_hash: Option<[u8; 32]>,
    pub document_ends: Option<Timestamp>,
    pub face: Option<SealedFace>,
    /// Of the address under which it was done, under the same key.
    pub email_hash: Option<[u8; 32]>,
    pub at: Timestamp,
}

/// The numbers of a face, sealed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SealedFace {
    pub model: String,
    pub sealed: Vec<u8>,
}

#[derive(sqlx::FromRow)]
struct Row {
    verification_id: Uuid,
    environment: String,
    customer_id: Uuid,
    person_id: Option<Uuid>,
    verdict: String,
    reason: Option<String>,
    document_hash: Option<Vec<u8>>,
    document_ends: Option<Time>,
    face_model: Option<String>,
    face: Option<Vec<u8>>,
    email_hash: Option<Vec<u8>>,
    created_at: Time,
}

impl TryFrom<Row> for ProofRow {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let bad = |column| StoreError::Row {
            table: "proofs",
            column,
            id: row.verification_id.to_string(),
        };
        let hash = |bytes: Option<Vec<u8>>, column| {
            let read = |bytes: Vec<u8>| <[u8; 32]>::try_from(bytes).map_err(|_| bad(column));
            bytes.map(read).transpose()
        };
        let verdict = match (row.verdict.as_str(), row.person_id, row.reason) {
            ("waiting", None, None) => Verdict::Waiting,
            ("approved", Some(person), None) => Verdict::Approved(PersonId::from_uuid(person)),
            ("refused", None, Some(reason)) => Verdict::Refused(reason),
            _ => return Err(bad("verdict")),
        };
        let face = row.face_model.zip(row.face);
        Ok(Self {
            verification: VerificationId::from_uuid(row.verification_id),
            environment: Environment::parse(&row.environment).ok_or_else(|| bad("environment"))?,
            customer: CustomerId::from_uuid(row.customer_id),
            verdict,
            document_hash: hash(row.document_hash, "document_hash")?,
            document_ends: row.document_ends.map(|at| at.0),
            face: face.map(|(model, sealed)| SealedFace { model, sealed }),
            email_hash: hash(row.email_hash, "email_hash")?,
            at: row.created_at.0,
        })
    }
}

fn read(rows: Vec<Row>) -> Result<Vec<ProofRow>, StoreError> {
    rows.into_iter().map(ProofRow::try_from).collect()
}

#[derive(sqlx::FromRow)]
struct IdRow {
    #[expect(dead_code, reason = "only that it is held counts")]
    id: Uuid,
}

/// What is decided about a person's traces.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PersonRow {
    /// Why they must be kept.
    pub hold: Option<String>,
    pub erased_at: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct RowOfPerson {
    hold: Option<String>,
    erased_at: Option<Time>,
}

#[derive(sqlx::FromRow)]
struct CheckRow {
    person_check: Option<Vec<u8>>,
}

impl Tx {
    /// Held until the end of this database transaction: of two who show one document at once, the second one
    /// finds the first one's.
    pub async fn proof_lock(&mut self) -> Result<(), StoreError> {
        let _held: Option<IdRow> = self.fetch_optional(PROOF_LOCK, args![]).await?;
        Ok(())
    }

    /// Of one that is there already only the verdict changes.
    pub async fn proof_save(&mut self, row: &ProofRow) -> Result<(), StoreError> {
        let face = row.face.as_ref();
        let args = args![
            row.verification.uuid(),
            row.environment.name(),
            row.customer.uuid(),
            row.verdict.person(),
            row.verdict.name(),
            row.verdict.reason(),
            row.document_hash.map(|hash| hash.to_vec()),
            row.document_ends,
            face.map(|face| face.model.clone()),
            face.map(|face| face.sealed.clone()),
            row.email_hash.map(|hash| hash.to_vec()),
            row.at,
        ];
        self.execute_one("proofs", PROOF_SAVE, args).await
    }

    /// People have decided. Attempts from before these rows were kept have none.
    pub async fn proof_rule(
        &mut self,
        verification: VerificationId,
        verdict: &Verdict,
    ) -> Result<(), StoreError> {
        let args = args![
            verdict.person(),
            verdict.name(),
            verdict.reason(),
            verification.uuid()
        ];
        self.execute(PROOF_RULE, args).await.map(drop)
    }

    /// The user takes the pictures again: of these nothing is kept.
    pub async fn proof_drop(&mut self, verification: VerificationId) -> Result<(), StoreError> {
        let args = args![verification.uuid()];
        self.execute(PROOF_DROP, args).await.map(drop)
    }

    pub async fn proof_load(
        &mut self,
        verification: VerificationId,
    ) -> Result<Option<ProofRow>, StoreError> {
        let args = args![verification.uuid()];
        Ok(read(self.fetch_all(PROOF_LOAD, args).await?)?.pop())
    }

    /// Other attempts with this document that are decided, the newest first.
    pub async fn proof_of_document(
        &mut self,
        hash: [u8; 32],
        but: VerificationId,
        limit: i64,
    ) -> Result<Vec<ProofRow>, StoreError> {
        let args = args![hash.to_vec(), but.uuid(), limit];
        read(self.fetch_all(PROOF_OF_DOCUMENT, args).await?)
    }

    /// Who was proved last under this address, with a face to compare.
    pub async fn proof_by_email(&mut self, hash: [u8; 32]) -> Result<Option<ProofRow>, StoreError> {
        let rows = self.fetch_all(PROOF_BY_EMAIL, args![hash.to_vec()]).await?;
        Ok(read(rows)?.pop())
    }

    /// What proved this person, the newest first.
    pub async fn proof_of_person(
        &mut self,
        person: PersonId,
        limit: i64,
    ) -> Result<Vec<ProofRow>, StoreError> {
        let args = args![person.uuid(), limit];
        read(self.fetch_all(PROOF_OF_PERSON, args).await?)
    }

    /// A page of faces that a network made, of decided attempts before this one, the newest first.
    pub async fn proof_faces(
        &mut self,
        environment: Environment,
        model: &str,
        before: VerificationId,
        limit: i64,
    ) -> Result<Vec<ProofRow>, StoreError> {
        let args = args![environment.name(), model, before.uuid(), limit];
        read(self.fetch_all(PROOF_FACES, args).await?)
    }

    pub async fn person_load(&mut self, id: PersonId) -> Result<Option<PersonRow>, StoreError> {
        let row: Option<RowOfPerson> = self.fetch_optional(PERSON_LOAD, args![id.uuid()]).await?;
        Ok(row.map(|row| PersonRow {
            hold: row.hold,
            erased_at: row.erased_at.map(|at| at.0),
        }))
    }

    pub async fn person_hold(
        &mut self,
        id: PersonId,
        hold: Option<String>,
    ) -> Result<(), StoreError> {
        self.execute_one("persons", PERSON_HOLD, args![hold, id.uuid()])
            .await
    }

    /// Everything by which a person could be known again is taken away; that there was somebody stays.
    pub async fn person_erase(&mut self, id: PersonId, now: Timestamp) -> Result<(), StoreError> {
        self.execute(PROOF_ERASE, args![id.uuid()]).await?;
        self.execute_one("persons", PERSON_ERASED, args![now, id.uuid()])
            .await
    }

    /// Whether there is anything that [`Self::person_erase`] would take away.
    pub async fn proof_left(&mut self, person: PersonId) -> Result<bool, StoreError> {
        let left: Option<IdRow> = self
            .fetch_optional(PROOF_LEFT, args![person.uuid()])
            .await?;
        Ok(left.is_some())
    }

    /// The same of what is older, but for those whose traces must be kept.
    pub async fn proof_forget(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        self.execute(PROOF_FORGET, args![before]).await
    }

    /// `None`: no key was ever used.
    pub async fn person_check(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        let row: Option<CheckRow> = self.fetch_optional(PERSON_CHECK_LOAD, args![]).await?;
        Ok(row.and_then(|row| row.person_check))
    }

    pub async fn person_check_save(&mut self, check: [u8; 32]) -> Result<(), StoreError> {
        let args = args![check.to_vec()];
        self.execute_one("installation", PERSON_CHECK_SAVE, args)
            .await
    }
}
