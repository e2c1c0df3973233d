//! Cards that customers let us keep.

use crate::{
    db::{Tx, args},
    error::StoreError,
    row::Time,
    statement::statements,
};
use proof_core::{
    card::{Card, CardExpiry, CardStored},
    id::{CardId, CustomerId, OrderId, PersonId},
    partner::Environment,
};
use uuid::Uuid;

statements! {
    CARD_SAVE = "INSERT INTO cards (id, customer_id, order_id, reference, brand, last4, fingerprint, expires, kept_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (customer_id, fingerprint) DO UPDATE SET order_id = excluded.order_id, reference = excluded.reference, brand = excluded.brand, last4 = excluded.last4, expires = excluded.expires, kept_at = excluded.kept_at";
    CARD_OF_CUSTOMER = "SELECT c.id, c.order_id, c.reference, c.brand, c.last4, c.fingerprint, c.expires, c.kept_at, u.environment FROM cards c JOIN customers u ON u.id = c.customer_id WHERE c.customer_id = $1 ORDER BY c.kept_at DESC, c.id LIMIT $2";
    CARD_OF_PERSON = "SELECT c.id, c.order_id, c.reference, c.brand, c.last4, c.fingerprint, c.expires, c.kept_at, u.environment FROM cards c JOIN customers u ON u.id = c.customer_id WHERE u.person_id = $1 ORDER BY c.id LIMIT $2";
    CARD_EXPIRED = "SELECT c.id, c.order_id, c.reference, c.brand, c.last4, c.fingerprint, c.expires, c.kept_at, u.environment FROM cards c JOIN customers u ON u.id = c.customer_id WHERE c.expires < $1 ORDER BY c.expires, c.id LIMIT $2";
    CARD_DELETE = "DELETE FROM cards WHERE id = $1 AND reference = $2";
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    order_id: Uuid,
    reference: String,
    brand: String,
    last4: String,
    fingerprint: String,
    expires: i64,
    kept_at: Time,
    environment: String,
}

impl TryFrom<Row> for (Environment, Card) {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let bad = |column| StoreError::Row {
            table: "cards",
            column,
            id: row.id.to_string(),
        };
        let expires = CardExpiry::from_number(row.expires).ok_or_else(|| bad("expires"))?;
        let environment = Environment::parse(&row.environment).ok_or_else(|| bad("environment"))?;
        let card = Card {
            id: CardId::from_uuid(row.id),
            order: OrderId::from_uuid(row.order_id),
            stored: CardStored {
                reference: row.reference,
                brand: row.brand,
                last4: row.last4,
                fingerprint: row.fingerprint,
                expires,
            },
            kept_at: row.kept_at.0,
        };
        Ok((environment, card))
    }
}

impl Tx {
    /// In place of what was kept of the same card before.
    pub async fn card_save(&mut self, customer: CustomerId, card: &Card) -> Result<(), StoreError> {
        let args = args![
            card.id.uuid(),
            customer.uuid(),
            card.order.uuid(),
            card.stored.reference.as_str(),
            card.stored.brand.as_str(),
            card.stored.last4.as_str(),
            card.stored.fingerprint.as_str(),
            card.stored.expires.number(),
            card.kept_at,
        ];
        self.execute_one("cards", CARD_SAVE, args).await
    }

    /// The latest first.
    pub async fn card_of_customer(
        &mut self,
        customer: CustomerId,
        limit: i64,
    ) -> Result<Vec<Card>, StoreError> {
        let args = args![customer.uuid(), limit];
        let rows: Vec<Row> = self.fetch_all(CARD_OF_CUSTOMER, args).await?;
        let cards = rows.into_iter().map(<(Environment, Card)>::try_from);
        cards.map(|read| Ok(read?.1)).collect()
    }

    /// Of whoever a person is as a customer.
    pub async fn card_of_person(
        &mut self,
        person: PersonId,
        limit: i64,
    ) -> Result<Vec<(Environment, Card)>, StoreError> {
        let args = args![person.uuid(), limit];
        let rows: Vec<Row> = self.fetch_all(CARD_OF_PERSON, args).await?;
        rows.into_iter().map(TryFrom::try_from).collect()
    }

    /// Those that were good for the last time before a month.
    pub async fn card_expired(
        &mut self,
        month: CardExpiry,
        limit: i64,
    ) -> Result<Vec<(Environment, Card)>, StoreError> {
        let args = args![month.number(), limit];
        let rows: Vec<Row> = self.fetch_all(CARD_EXPIRED, args).await?;
        rows.into_iter().map(TryFrom::try_from).collect()
    }

    /// Under the name that the provider has forgotten; one that was kept anew meanwhile stays.
    pub async fn card_delete(&mut self, card: &Card) -> Result<(), StoreError> {
        let args = args![card.id.uuid(), card.stored.reference.as_str()];
        self.execute(CARD_DELETE, args).await?;
        Ok(())
    }
}
