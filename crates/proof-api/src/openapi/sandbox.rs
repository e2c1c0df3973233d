//! `/widget/sandbox`: the world outside, for developers who try their integration.

use super::{
    example,
    operation::{Answer, Operation, body, parameter},
};
use proof_core::ErrorCode;
use serde_json::{Value, json};

pub fn operations() -> Vec<Operation> {
    vec![
        show(),
        clock(),
        advance(),
        scenarios(),
        start(),
        plays(),
        play(),
    ]
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

fn show() -> Operation {
    let answer = Answer::json(200, "Your sandbox.", "SandboxView", &example::sandbox());
    Operation {
        summary: "Read how you are set up in the sandbox",
        description: "Your registered origins, your pairs, and the sandbox's clock: what `proof doctor` looks at. \
                      With a live token there is no sandbox: `not_found`.",
        answers: vec![answer],
        ..operation("get", "/widget/sandbox", "getSandbox")
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
            ErrorCode::Recovering,
            ErrorCode::ProviderError,
            ErrorCode::UpstreamUnavailable,
        ],
        ..operation("post", "/widget/sandbox/clock", "advanceSandboxClock")
    }
}

fn scenarios() -> Operation {
    let answer = Answer::json(
        200,
        "The catalogue.",
        "ScenarioPage",
        &json!({"data": [example::scenario()]}),
    );
    Operation {
        summary: "List the scenarios",
        description: "Everything that the sandbox can play, with what you see of each.",
        answers: vec![answer.link(
            "start",
            "startScenario",
            "Play one.",
            json!({"name": "$response.body#/data/0/name"}),
        )],
        ..operation("get", "/widget/sandbox/scenarios", "listScenarios")
    }
}

fn start() -> Operation {
    let name = json!({"type": "string", "pattern": "^[a-z0-9-]{1,40}$"});
    let text = "A scenario's name, as the catalogue has it.";
    let answer = Answer::json(202, "It begins when it may.", "PlayView", &example::play());
    Operation {
        summary: "Play a scenario",
        description: "Makes a session by your own rules and plays its user, the bank, the wallet and the chain.                       Watch it by its id; your webhook, WebSocket and feed hear of the order as of any other.                       One that moves the clock begins when no other is under way. Refused with `wrong_state`                       where it needs what you do not have (a pair, an origin, a webhook, a movable clock), or                       where eight of yours have not ended.",
        parameters: vec![parameter("path", "name", text, name, "sell-late".into())],
        answers: vec![answer.link(
            "watch",
            "getPlay",
            "See how far it is.",
            json!({"play": "$response.body#/id"}),
        )],
        refusals: vec![
            ErrorCode::NotFound,
            ErrorCode::WrongState,
            ErrorCode::Recovering,
        ],
        ..operation("post", "/widget/sandbox/scenarios/{name}", "startScenario")
    }
}

fn plays() -> Operation {
    let page = json!({"data": [example::play()]});
    Operation {
        summary: "List what was played",
        description: "Your latest plays, the latest first. They are kept until the server restarts.",
        answers: vec![Answer::json(200, "Plays.", "PlayPage", &page)],
        ..operation("get", "/widget/sandbox/plays", "listPlays")
    }
}

fn play() -> Operation {
    let id = json!({"type": "string", "pattern": "^ply_[0-9a-f]{32}$"});
    let shown = example::play()["id"].clone();
    Operation {
        summary: "Watch a play",
        description: "How far a scenario is: what was seen of its order, and whether that is what it states.",
        parameters: vec![parameter("path", "play", "A play's id.", id, shown)],
        answers: vec![Answer::json(200, "The play.", "PlayView", &example::play())],
        ..operation("get", "/widget/sandbox/plays/{play}", "getPlay")
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
