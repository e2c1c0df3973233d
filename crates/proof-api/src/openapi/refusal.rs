//! `GET /widget/integration-log`.

use super::{
    example,
    operation::{Answer, Operation},
};

pub fn list(base: &str) -> Operation {
    let log = example::integration_log(base);
    Operation {
        method: "get",
        path: "/widget/integration-log",
        id: "getIntegrationLog",
        tag: "Service",
        summary: "Read the integration log",
        description: "Your calls that were refused in the last 90 days, those that are alike counted \
                      together, the latest first, at most 200 kinds. Notices such as `token_exposed` \
                      and `webhook_disabled` have the `error` `notice`.",
        token: true,
        parameters: Vec::new(),
        body: None,
        answers: vec![Answer::json(200, "The log.", "IntegrationLog", &log)],
        refusals: Vec::new(),
    }
}
