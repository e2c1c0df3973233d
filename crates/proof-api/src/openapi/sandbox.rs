//! `/widget/sandbox`: the world outside, for developers who try their integration.

use super::{
    example,
    operation::{Answer, Operation, body},
};
use proof_core::ErrorCode;
use serde_json::{Value, json};

pub fn operations() -> Vec<Operation> {
    vec![clock(), advance()]
}

fn operation(method: &'static str, path: &'static str, id: &'static str) -> Operation {
    Operation {
        method,
        path,
        id,
        tag: "Sandbox",
        summary: "",
        description: "",
        token: true,
        parameters: Vec::new(),
        body: None,
        answers: Vec::new(),
        refusals: vec![ErrorCode::NotFound],
    }
}

fn clock_answer(description: &'static str) -> Vec<Answer> {
    vec![Answer::json(
        200,
        description,
        "ClockView",
        &example::clock(),
    )]
}

fn clock() -> Operation {
    Operation {
        summary: "Read the sandbox's clock",
        description: "What the sandbox takes for the present moment, and how far that is ahead of the \
                      real time. With a live token there is no sandbox: `not_found`.",
        answers: clock_answer("The clock."),
        ..operation("get", "/widget/sandbox/clock", "getSandboxClock")
    }
}

fn advance() -> Operation {
    Operation {
        summary: "Move the sandbox's clock forwards",
        description: "Time passes at once, for the server, the simulated chains and everybody whose sandbox \
                      this is: what waits for a moment happens. It never goes back. Sessions, quotes and \
                      addresses end as if the time had passed. Refused with `wrong_state` where the \
                      operator lets nobody move the clock.",
        body: Some(body(
            "AdvanceRequest",
            true,
            "How far.",
            &json!({"advance": "45m"}),
        )),
        answers: clock_answer("The clock, moved."),
        refusals: vec![
            ErrorCode::NotFound,
            ErrorCode::DecodeError,
            ErrorCode::ValidationError,
            ErrorCode::BodyTooLarge,
            ErrorCode::WrongState,
            ErrorCode::ProviderError,
            ErrorCode::UpstreamUnavailable,
        ],
        ..operation("post", "/widget/sandbox/clock", "advanceSandboxClock")
    }
}

pub fn advance_request() -> Value {
    json!({
        "type": "object",
        "description": "How far the clock is to be moved.",
        "required": ["advance"],
        "properties": {"advance": {
            "type": "string",
            "pattern": "^[0-9]{1,7}[smhd]$",
            "description": "A whole number and `s`, `m`, `h` or `d`; from `1s` to `31d`.",
        }},
    })
}
