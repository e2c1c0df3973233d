//! `/widget/checklist`: the go-live checklist.

use super::{
    example,
    operation::{Answer, Operation, body},
};
use proof_core::ErrorCode;
use serde_json::{Value, json};

pub fn operations() -> Vec<Operation> {
    vec![show(), probe(), scans()]
}

fn operation(method: &'static str, path: &'static str, id: &'static str) -> Operation {
    Operation {
        method,
        path,
        id,
        tag: "Service",
        summary: "",
        description: "",
        token: true,
        parameters: Vec::new(),
        body: None,
        answers: Vec::new(),
        refusals: Vec::new(),
    }
}

fn answer(status: u16, description: &'static str) -> Vec<Answer> {
    let list = example::checklist();
    vec![Answer::json(status, description, "Checklist", &list)]
}

fn show() -> Operation {
    Operation {
        summary: "Read your go-live checklist",
        description: "Every line, how it stands, by what evidence, and what to do next. The server ticks \
                      what it sees in the sandbox by itself.",
        answers: answer(200, "The checklist."),
        ..operation("get", "/widget/checklist", "getChecklist")
    }
}

fn probe() -> Operation {
    Operation {
        summary: "Run the probes",
        description: "Your next calls of `POST /widget/session` in the sandbox meet \
                      `WALLET_NOT_SUPPORTED`, `currency_not_allowed`, three times `provider_error` (502) and \
                      `forbidden_origin`, in this order, and the server watches how your backend takes \
                      them. An event that your webhook took before is sent again.",
        answers: answer(202, "They begin with your next call."),
        refusals: vec![ErrorCode::WrongState],
        ..operation("post", "/widget/checklist/probe", "probeChecklist")
    }
}

fn scans() -> Operation {
    let request = json!({"scans": [{"line": "MOB-1", "good": true, "note": "Info.plist"}]});
    let text = "What `proof scan` found.";
    Operation {
        summary: "Say what your app's files hold",
        description: "What `proof scan` found in an iOS or Android project, for MOB-1, MOB-2 and MOB-5.",
        body: Some(body("ScanRequest", true, text, &request)),
        answers: answer(200, "The checklist, with it."),
        refusals: vec![
            ErrorCode::DecodeError,
            ErrorCode::ValidationError,
            ErrorCode::BodyTooLarge,
        ],
        ..operation("post", "/widget/checklist/scans", "scanChecklist")
    }
}

pub fn scan_request() -> Value {
    let line = json!({
        "type": "string",
        "enum": ["MOB-1", "MOB-2", "MOB-5"],
        "description": "The line that it is about.",
    });
    json!({
        "type": "object",
        "description": "What was found.",
        "required": ["scans"],
        "properties": {"scans": {
            "type": "array",
            "maxItems": 10,
            "description": "One for each line.",
            "items": {
                "type": "object",
                "required": ["line", "good"],
                "properties": {
                    "line": line,
                    "good": {"type": "boolean", "description": "Whether the files have it."},
                    "note": {"type": "string", "maxLength": 500,
                        "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]*$",
                        "description": "Where it was looked for, in one line."},
                },
            },
        }},
    })
}
