//! Column types: each of our values in the form that each engine keeps it in.

use crate::error::StoreError;
use bigdecimal::{BigDecimal, ToPrimitive, num_bigint::BigInt};
use chrono::{DateTime, Utc};
use proof_core::Timestamp;
use sqlx::{Decode, Postgres, Sqlite, Type, error::BoxDynError};
use uuid::Uuid;

/// A value on its way into a statement.
#[derive(Clone, Debug)]
pub enum Value {
    Uuid(Uuid),
    OptUuid(Option<Uuid>),
    Text(String),
    OptText(Option<String>),
    Int(i64),
    OptInt(Option<i64>),
    Json(serde_json::Value),
    OptJson(Option<serde_json::Value>),
    Bytes(Vec<u8>),
    OptBytes(Option<Vec<u8>>),
    Time(Timestamp),
    OptTime(Option<Timestamp>),
    Units(i128),
}

/// A row of an aggregate: its document, and the version under which it was read.
#[derive(sqlx::FromRow)]
pub struct Versioned {
    pub id: Uuid,
    pub version: i64,
    pub body: sqlx::types::Json<serde_json::Value>,
}

impl Versioned {
    pub fn read<T: serde::de::DeserializeOwned>(
        self,
        table: &'static str,
    ) -> Result<(T, i64), StoreError> {
        let read = serde_json::from_value(self.body.0).map_err(|_| StoreError::Row {
            table,
            column: "body",
            id: self.id.to_string(),
        })?;
        Ok((read, self.version))
    }
}

macro_rules! value_from {
    ($($from:ty => $variant:ident),* $(,)?) => {
        $(impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Self::$variant(value)
            }
        })*
    };
}
value_from!(
    Uuid => Uuid, Option<Uuid> => OptUuid, String => Text, Option<String> => OptText, i64 => Int,
    Option<i64> => OptInt, serde_json::Value => Json,
    Option<serde_json::Value> => OptJson, Vec<u8> => Bytes,
    Option<Vec<u8>> => OptBytes, Timestamp => Time,
    Option<Timestamp> => OptTime, i128 => Units,
);

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

/// The first id that something of a moment can have (UUIDv7: 48 bits of milliseconds).
pub fn first_id(at: Timestamp) -> Uuid {
    let millis = u128::try_from(at.millis()).unwrap_or(0);
    Uuid::from_u128(millis << 80)
}

/// PostgreSQL keeps microseconds since 2000 behind `TIMESTAMPTZ`; chrono carries them there.
pub fn to_chrono(at: Timestamp) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(at.micros()).unwrap_or_default()
}

pub fn to_decimal(units: i128) -> BigDecimal {
    BigDecimal::from(BigInt::from(units))
}

/// A timestamp column: `TIMESTAMPTZ` or microseconds in an `INTEGER`.
#[derive(Clone, Copy, Debug)]
pub struct Time(pub Timestamp);

impl Type<Postgres> for Time {
    fn type_info() -> sqlx::postgres::PgTypeInfo {
        <DateTime<Utc> as Type<Postgres>>::type_info()
    }
}

impl<'r> Decode<'r, Postgres> for Time {
    fn decode(value: sqlx::postgres::PgValueRef<'r>) -> Result<Self, BoxDynError> {
        let at = <DateTime<Utc> as Decode<Postgres>>::decode(value)?;
        Ok(Self(Timestamp::from_micros(at.timestamp_micros())))
    }
}

impl Type<Sqlite> for Time {
    fn type_info() -> sqlx::sqlite::SqliteTypeInfo {
        <i64 as Type<Sqlite>>::type_info()
    }
}

impl<'r> Decode<'r, Sqlite> for Time {
    fn decode(value: sqlx::sqlite::SqliteValueRef<'r>) -> Result<Self, BoxDynError> {
        Ok(Self(Timestamp::from_micros(
            <i64 as Decode<Sqlite>>::decode(value)?,
        )))
    }
}

/// Signed base units: `NUMERIC(39,0)` or decimal `TEXT`. Never summed or compared in SQL.
#[derive(Clone, Copy, Debug)]
pub struct Units(pub i128);

impl Type<Postgres> for Units {
    fn type_info() -> sqlx::postgres::PgTypeInfo {
        <BigDecimal as Type<Postgres>>::type_info()
    }
}

impl<'r> Decode<'r, Postgres> for Units {
    fn decode(value: sqlx::postgres::PgValueRef<'r>) -> Result<Self, BoxDynError> {
        let decimal = <BigDecimal as Decode<Postgres>>::decode(value)?;
        Ok(Self(decimal.to_i128().ok_or("amount out of range")?))
    }
}

impl Type<Sqlite> for Units {
    fn type_info() -> sqlx::sqlite::SqliteTypeInfo {
        <str as Type<Sqlite>>::type_info()
    }
}

impl<'r> Decode<'r, Sqlite> for Units {
    fn decode(value: sqlx::sqlite::SqliteValueRef<'r>) -> Result<Self, BoxDynError> {
        Ok(Self(<&str as Decode<Sqlite>>::decode(value)?.parse()?))
    }
}
