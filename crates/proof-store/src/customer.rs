//! Customers of partners, and the persons behind them.

use crate::{
    db::{Tx, args},
    error::StoreError,
    row::Time,
    statement::statements,
};
use proof_core::{
    Timestamp,
    id::{CustomerId, PartnerId, PersonId},
    partner::Environment,
};
use uuid::Uuid;

statements! {
    CUSTOMER_UPSERT = "INSERT INTO customers (id, partner_id, environment, partner_user_id, email, person_id, created_at) VALUES ($1, $2, $3, $4, $5, NULL, $6) ON CONFLICT (partner_id, environment, partner_user_id) DO UPDATE SET email = excluded.email RETURNING id, partner_user_id, email, person_id, confirmed_email, email_changed_at";
    CUSTOMER_BY_USER = "SELECT id, partner_user_id, email, person_id, confirmed_email, email_changed_at FROM customers WHERE partner_id = $1 AND environment = $2 AND partner_user_id = $3";
    CUSTOMER_LOAD = "SELECT id, partner_user_id, email, person_id, confirmed_email, email_changed_at FROM customers WHERE partner_id = $1 AND id = $2";
    CUSTOMER_LINK = "UPDATE customers SET person_id = $1 WHERE id = $2";
    CUSTOMER_CONFIRM = "UPDATE customers SET confirmed_email = $1, email_changed_at = $2 WHERE id = $3";
    PERSON_INSERT = "INSERT INTO persons (id, created_at) VALUES ($1, $2)";
}

#[derive(Clone, Debug)]
pub struct CustomerRow {
    pub id: CustomerId,
    pub partner_user_id: String,
    /// Of the latest session; whoever holds the partner's token can name any.
    pub email: String,
    /// Set when a verification proved who this is.
    pub person: Option<PersonId>,
    /// Of the verification, or confirmed since by its mailbox and the one before.
    pub confirmed_email: Option<String>,
    /// When the confirmed one last became another.
    pub email_changed_at: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    partner_user_id: String,
    email: String,
    person_id: Option<Uuid>,
    confirmed_email: Option<String>,
    email_changed_at: Option<Time>,
}

impl From<Row> for CustomerRow {
    fn from(row: Row) -> Self {
        Self {
            id: CustomerId::from_uuid(row.id),
            partner_user_id: row.partner_user_id,
            email: row.email,
            person: row.person_id.map(PersonId::from_uuid),
            confirmed_email: row.confirmed_email,
            email_changed_at: row.email_changed_at.map(|at| at.0),
        }
    }
}

impl Tx {
    /// Finds the customer of this `partner_user_id`, or makes it under `fresh`.
    pub async fn customer_upsert(
        &mut self,
        fresh: CustomerId,
        (partner, environment): (PartnerId, Environment),
        (partner_user_id, email): (&str, &str),
        now: Timestamp,
    ) -> Result<CustomerRow, StoreError> {
        let args = args![
            fresh.uuid(),
            partner.uuid(),
            environment.name(),
            partner_user_id,
            email,
            now
        ];
        let row: Option<Row> = self.fetch_optional(CUSTOMER_UPSERT, args).await?;
        row.map(CustomerRow::from)
            .ok_or(StoreError::Stale { table: "customers" })
    }

    pub async fn customer_by_user(
        &mut self,
        partner: PartnerId,
        environment: Environment,
        partner_user_id: &str,
    ) -> Result<Option<CustomerRow>, StoreError> {
        let args = args![partner.uuid(), environment.name(), partner_user_id];
        let row: Option<Row> = self.fetch_optional(CUSTOMER_BY_USER, args).await?;
        Ok(row.map(CustomerRow::from))
    }

    pub async fn customer_load(
        &mut self,
        partner: PartnerId,
        id: CustomerId,
    ) -> Result<Option<CustomerRow>, StoreError> {
        let args = args![partner.uuid(), id.uuid()];
        let row: Option<Row> = self.fetch_optional(CUSTOMER_LOAD, args).await?;
        Ok(row.map(CustomerRow::from))
    }

    /// This address is the customer's, and since when it is another one than before.
    pub async fn customer_confirm(
        &mut self,
        customer: CustomerId,
        email: &str,
        changed_at: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let args = args![email, changed_at, customer.uuid()];
        self.execute_one("customers", CUSTOMER_CONFIRM, args).await
    }

    /// A verification proved that the customer is somebody who is known.
    pub async fn customer_link_known(
        &mut self,
        customer: CustomerId,
        person: PersonId,
    ) -> Result<(), StoreError> {
        let args = args![person.uuid(), customer.uuid()];
        self.execute_one("customers", CUSTOMER_LINK, args).await
    }

    /// A verification proved who the customer is, whom nobody knew before.
    pub async fn customer_link(
        &mut self,
        customer: CustomerId,
        person: PersonId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.execute_one("persons", PERSON_INSERT, args![person.uuid(), now])
            .await?;
        let args = args![person.uuid(), customer.uuid()];
        self.execute_one("customers", CUSTOMER_LINK, args).await
    }
}
