//! `GET /widget/events`.

use super::{
    example,
    operation::{Answer, Operation, limit_parameter, query},
    pattern,
};
use proof_core::ErrorCode;
use proof_engine::FEED_WAIT_SECONDS_MAX;
use serde_json::json;

pub fn list() -> Operation {
    let after = query(
        "after",
        "The `next_cursor` of the page before, or the `event_id` that you handled last. Without it \
         the feed begins with its first event.",
        json!({"type": "string", "pattern": pattern::id("evt")}),
        example::EVENT_FIRST.into(),
    );
    let wait = query(
        "wait",
        "Seconds for which an empty answer is held back until something happens.",
        json!({"type": "integer", "minimum": 0, "maximum": FEED_WAIT_SECONDS_MAX, "default": 0}),
        20.into(),
    );
    Operation {
        method: "get",
        path: "/widget/events",
        id: "listEvents",
        tag: "Events",
        summary: "Read the event feed",
        description: "Every event of every transaction of your account, oldest first. What you have not \
                      seen always comes after what you have: keep the last cursor, and nothing is \
                      missed. Events of one transaction are numbered by `sequence`, without gaps. \
                      Ignore types that you do not know.",
        token: true,
        parameters: vec![after, limit_parameter(), wait],
        body: None,
        answers: vec![
            Answer::json(200, "What happened next.", "FeedPage", &example::events())
                .link(
                    "next",
                    "listEvents",
                    "What happens after that.",
                    json!({"after": "$response.body#/data/0/event_id"}),
                )
                .link(
                    "transaction",
                    "getTransaction",
                    "The transaction of the first event.",
                    json!({"id": "$response.body#/data/0/merchant_transaction_id"}),
                ),
        ],
        refusals: vec![ErrorCode::ValidationError],
    }
}
