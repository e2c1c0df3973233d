//! The one table of public errors: status, slug, code, and what to say by default.

/// A public error. Statuses, slugs and codes of the partner contract are fixed for ever.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ErrorCode {
    DecodeError,
    ValidationError,
    MissingParam,
    CurrencyNotAllowed,
    WalletNotSupported,
    MissingToken,
    InvalidToken,
    ForbiddenOrigin,
    OfframpDisabled,
    NotFound,
    MethodNotAllowed,
    IdempotencyConflict,
    BodyTooLarge,
    UpgradeRequired,
    RateLimitExceeded,
    Overloaded,
    Recovering,
    DbError,
    TokenError,
    PublishFailed,
    ProviderError,
    UpstreamUnavailable,
    UpstreamInvalidResponse,
    // The widget's own.
    ParameterMismatch,
    PictureRefused,
    QuoteExpired,
    OutOfStock,
    WrongState,
    AttemptsExhausted,
    CardDataRefused,
    LimitExceeded,
    CountryNotServed,
    AmountTooSmall,
    // The console's own.
    SignInRefused,
    SignedOut,
    NotAllowed,
    SignInAgain,
}

impl ErrorCode {
    pub const ALL: [Self; 37] = [
        Self::DecodeError,
        Self::ValidationError,
        Self::MissingParam,
        Self::CurrencyNotAllowed,
        Self::WalletNotSupported,
        Self::MissingToken,
        Self::InvalidToken,
        Self::ForbiddenOrigin,
        Self::OfframpDisabled,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::IdempotencyConflict,
        Self::BodyTooLarge,
        Self::UpgradeRequired,
        Self::RateLimitExceeded,
        Self::Overloaded,
        Self::Recovering,
        Self::DbError,
        Self::TokenError,
        Self::PublishFailed,
        Self::ProviderError,
        Self::UpstreamUnavailable,
        Self::UpstreamInvalidResponse,
        Self::ParameterMismatch,
        Self::PictureRefused,
        Self::QuoteExpired,
        Self::OutOfStock,
        Self::WrongState,
        Self::AttemptsExhausted,
        Self::CardDataRefused,
        Self::LimitExceeded,
        Self::CountryNotServed,
        Self::AmountTooSmall,
        Self::SignInRefused,
        Self::SignedOut,
        Self::NotAllowed,
        Self::SignInAgain,
    ];

    /// HTTP status, `error` slug and `code`.
    pub const fn parts(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::DecodeError => (400, "invalid_request", "decode_error"),
            Self::ValidationError => (400, "invalid_request", "validation_error"),
            Self::MissingParam => (400, "invalid_request", "missing_param"),
            Self::CurrencyNotAllowed => (400, "invalid_request", "currency_not_allowed"),
            Self::WalletNotSupported => (400, "wallet_not_supported", "WALLET_NOT_SUPPORTED"),
            Self::MissingToken => (401, "unauthorised", "missing_token"),
            Self::InvalidToken => (401, "unauthorised", "invalid_token"),
            Self::ForbiddenOrigin => (403, "forbidden", "forbidden_origin"),
            Self::OfframpDisabled => (403, "forbidden", "offramp_disabled"),
            Self::NotFound => (404, "not_found", "not_found"),
            Self::MethodNotAllowed => (405, "invalid_request", "method_not_allowed"),
            Self::IdempotencyConflict => (409, "conflict", "idempotency_conflict"),
            Self::BodyTooLarge => (413, "invalid_request", "body_too_large"),
            Self::UpgradeRequired => (426, "invalid_request", "upgrade_required"),
            Self::RateLimitExceeded => (429, "rate_limit_exceeded", "rate_limit_exceeded"),
            Self::Overloaded => (503, "unavailable", "overloaded"),
            Self::Recovering => (503, "unavailable", "recovering"),
            Self::DbError => (500, "internal_error", "db_error"),
            Self::TokenError => (500, "internal_error", "token_error"),
            // The published name stays, whatever the bus.
            Self::PublishFailed => (500, "publish_failed", "kafka_unavailable"),
            Self::ProviderError => (502, "upstream_error", "provider_error"),
            Self::UpstreamUnavailable => (502, "upstream_unavailable", "upstream_unavailable"),
            Self::UpstreamInvalidResponse => {
                (502, "upstream_unavailable", "upstream_invalid_response")
            }
            Self::ParameterMismatch => (403, "forbidden", "parameter_mismatch"),
            Self::PictureRefused => (422, "invalid_request", "picture_refused"),
            Self::QuoteExpired => (409, "conflict", "quote_expired"),
            Self::OutOfStock => (409, "conflict", "out_of_stock"),
            Self::WrongState => (409, "conflict", "wrong_state"),
            Self::AttemptsExhausted => (409, "conflict", "attempts_exhausted"),
            Self::CardDataRefused => (400, "invalid_request", "card_data_refused"),
            Self::LimitExceeded => (409, "conflict", "limit_exceeded"),
            Self::CountryNotServed => (409, "conflict", "country_not_served"),
            Self::AmountTooSmall => (409, "conflict", "amount_too_small"),
            Self::SignInRefused => (401, "unauthorised", "sign_in_refused"),
            Self::SignedOut => (401, "unauthorised", "signed_out"),
            Self::NotAllowed => (403, "forbidden", "not_allowed"),
            Self::SignInAgain => (403, "forbidden", "sign_in_again"),
        }
    }

    pub const fn status(self) -> u16 {
        self.parts().0
    }

    pub const fn slug(self) -> &'static str {
        self.parts().1
    }

    pub const fn code(self) -> &'static str {
        self.parts().2
    }
}
