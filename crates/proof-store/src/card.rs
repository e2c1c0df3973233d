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
    CARD_SAVE = "INSERT INTO cards (id, customer_id, person_id, order_id, reference, brand, last4, fingerprint, expires, kept_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    CARD_OF_CUSTOMER = "SELECT c.id, c.order_id, c.reference, c.brand, c.last4, c.fingerprint, c.expires, c.kept_at, u.environment FROM cards c JOIN customers u ON u.id = c.customer_id WHERE c.customer_id = $1 AND c.person_id = u.person_id ORDER BY c.kept_at DESC, c.id LIMIT $2";
    CARD_OF_PERSON = "SELECT c.id, c.order_id, c.reference, c.brand, c.last4, c.fingerprint, c.expires, c.kept_at, u.environment FROM cards c JOIN customers u ON u.id = c.customer_id WHERE c.person_id = $1 ORDER BY c.id LIMIT $2";
    CARD_LIKE = "SELECT c.id, c.order_id, c.reference, c.brand, c.last4, c.fingerprint, c.expires, c.kept_at, u.environment FROM cards c JOIN customers u ON u.id = c.customer_id WHERE c.customer_id = $1 AND c.fingerprint = $2";
    CARD_EXPIRED = "SELECT c.id, c.order_id, c.reference, c.brand, c.last4, c.fingerprint, c.expires, c.kept_at, u.environment FROM cards c JOIN customers u ON u.id = c.customer_id WHERE c.expires < $1 ORDER BY c.expires, c.id LIMIT $2";
    CARD_DELETE = "DELETE FROM cards WHERE id = $1";
    CARD_WISH = "INSERT INTO card_wishes (order_id) VALUES ($1) ON CONFLICT (order_id) DO NOTHING";
    CARD_WISHED = "SELECT order_id AS id FROM card_wishes WHERE order_id = $1";
    CARD_WISH_DONE = "DELETE FROM card_wishes WHERE order_id = $1";
}

#[derive(sqlx::FromRow)]
struct WishRow {
    #[expect(dead_code, reason = "that there is one is all")]
    id: Uuid,
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
    /// One that the customer has none of yet.
    pub async fn card_save(
        &mut self,
        (customer, person): (CustomerId, PersonId),
        card: &Card,
    ) -> Result<(), StoreError> {
        let args = args![
            card.id.uuid(),
            customer.uuid(),
            person.uuid(),
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

    /// The customer wants the card of an order to be kept.
    pub async fn card_wish(&mut self, order: OrderId) -> Result<(), StoreError> {
        self.execute(CARD_WISH, args![order.uuid()]).await?;
        Ok(())
    }

    /// Whether that is still to be done.
    pub async fn card_wished(&mut self, order: OrderId) -> Result<bool, StoreError> {
        let row: Option<WishRow> = self
            .fetch_optional(CARD_WISHED, args![order.uuid()])
            .await?;
        Ok(row.is_some())
    }

    pub async fn card_wish_done(&mut self, order: OrderId) -> Result<(), StoreError> {
        self.execute(CARD_WISH_DONE, args![order.uuid()]).await?;
        Ok(())
    }

    /// The same card of a customer, whoever they were taken for when it was kept.
    pub async fn card_like(
        &mut self,
        customer: CustomerId,
        fingerprint: &str,
    ) -> Result<Option<Card>, StoreError> {
        let args = args![customer.uuid(), fingerprint];
        let row: Option<Row> = self.fetch_optional(CARD_LIKE, args).await?;
        let found = row.map(<(Environment, Card)>::try_from).transpose()?;
        Ok(found.map(|(_, card)| card))
    }

    /// Of who the customer is now, the latest first.
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

    /// Of a person, whichever customer kept it.
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

    /// One that the provider has forgotten.
    pub async fn card_delete(&mut self, card: CardId) -> Result<(), StoreError> {
        self.execute(CARD_DELETE, args![card.uuid()]).await?;
        Ok(())
    }
}
