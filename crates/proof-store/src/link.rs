//! Links in letters, and the codes that go with them.

use crate::{
    db::{Tx, args},
    error::StoreError,
    row::Time,
    statement::statements,
};
use proof_core::{
    Timestamp,
    id::{MailId, OrderId},
    link::{Code, Link},
    token::TokenHash,
};
use uuid::Uuid;

statements! {
    LINK_INSERT = "INSERT INTO links (token_hash, order_id, created_at, expires_at, wished_at, asked, code_tries) VALUES ($1, $2, $3, $4, $5, 0, 0) ON CONFLICT DO NOTHING";
    LINK_LOAD = "SELECT order_id, expires_at, used_at, asked, code_mail_id, code_hash, code_asked_at, code_tries FROM links WHERE token_hash = $1";
    LINK_LOCK = "SELECT order_id, expires_at, used_at, asked, code_mail_id, code_hash, code_asked_at, code_tries FROM links WHERE token_hash = $1", lock = " FOR UPDATE";
    LINK_BY_CODE = "SELECT order_id, expires_at, used_at, asked, code_mail_id, code_hash, code_asked_at, code_tries FROM links WHERE code_mail_id = $1";
    LINK_WISHED = "SELECT wished_at FROM links WHERE order_id = $1 AND wished_at IS NOT NULL ORDER BY wished_at DESC LIMIT $2";
    LINK_SAVE = "UPDATE links SET used_at = $1, asked = $2, code_mail_id = $3, code_hash = $4, code_asked_at = $5, code_tries = $6 WHERE token_hash = $7";
}

#[derive(sqlx::FromRow)]
struct Row {
    order_id: Uuid,
    expires_at: Time,
    used_at: Option<Time>,
    asked: i64,
    code_mail_id: Option<Uuid>,
    code_hash: Option<Vec<u8>>,
    code_asked_at: Option<Time>,
    code_tries: i64,
}

#[derive(sqlx::FromRow)]
struct WishedRow {
    wished_at: Time,
}

impl TryFrom<Row> for Link {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let bad = || StoreError::Row {
            table: "links",
            column: "code_hash",
            id: row.order_id.to_string(),
        };
        let code = match (row.code_mail_id, row.code_hash, row.code_asked_at) {
            (Some(mail), Some(hash), Some(asked_at)) => Some(Code {
                mail: MailId::from_uuid(mail),
                hash: TokenHash::from_bytes(hash.try_into().map_err(|_| bad())?),
                asked_at: asked_at.0,
                tries: row.code_tries,
            }),
            (None, None, None) => None,
            _ => return Err(bad()),
        };
        Ok(Self {
            order: OrderId::from_uuid(row.order_id),
            expires_at: row.expires_at.0,
            used_at: row.used_at.map(|at| at.0),
            code,
            asked: row.asked,
        })
    }
}

impl Tx {
    /// A link that is about to be sent. The same one may be sent again.
    pub async fn link_insert(
        &mut self,
        token: TokenHash,
        order: OrderId,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let wished: Option<Timestamp> = None;
        let args = args![
            token.bytes().to_vec(),
            order.uuid(),
            now,
            expires_at,
            wished
        ];
        self.execute(LINK_INSERT, args).await.map(drop)
    }

    /// A link that the order's user asked for in the widget, under the order's lock.
    pub async fn link_insert_wished(
        &mut self,
        token: TokenHash,
        order: OrderId,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let args = args![
            token.bytes().to_vec(),
            order.uuid(),
            now,
            expires_at,
            Some(now)
        ];
        self.execute_one("links", LINK_INSERT, args).await
    }

    /// When links were asked for in the widget, latest first.
    pub async fn link_wished(
        &mut self,
        order: OrderId,
        limit: i64,
    ) -> Result<Vec<Timestamp>, StoreError> {
        let rows: Vec<WishedRow> = self
            .fetch_all(LINK_WISHED, args![order.uuid(), limit])
            .await?;
        Ok(rows.into_iter().map(|row| row.wished_at.0).collect())
    }

    pub async fn link_load(&mut self, token: TokenHash) -> Result<Option<Link>, StoreError> {
        let args = args![token.bytes().to_vec()];
        let row: Option<Row> = self.fetch_optional(LINK_LOAD, args).await?;
        row.map(Link::try_from).transpose()
    }

    /// The same, held until the end of this transaction: guesses are counted one by one.
    pub async fn link_lock(&mut self, token: TokenHash) -> Result<Option<Link>, StoreError> {
        let args = args![token.bytes().to_vec()];
        let row: Option<Row> = self.fetch_optional(LINK_LOCK, args).await?;
        row.map(Link::try_from).transpose()
    }

    /// The link whose latest code stands in this letter.
    pub async fn link_by_code(&mut self, mail: MailId) -> Result<Option<Link>, StoreError> {
        let row: Option<Row> = self
            .fetch_optional(LINK_BY_CODE, args![mail.uuid()])
            .await?;
        row.map(Link::try_from).transpose()
    }

    pub async fn link_save(&mut self, token: TokenHash, link: &Link) -> Result<(), StoreError> {
        let code = link.code.as_ref();
        let args = args![
            link.used_at,
            link.asked,
            code.map(|code| code.mail.uuid()),
            code.map(|code| code.hash.bytes().to_vec()),
            code.map(|code| code.asked_at),
            code.map_or(0, |code| code.tries),
            token.bytes().to_vec(),
        ];
        self.execute_one("links", LINK_SAVE, args).await
    }
}
