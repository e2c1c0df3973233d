//! The partners of a story: they read their feeds, hear their webhooks, and put them right when they
//! were away.

use super::{CAME_BACK_SECONDS, Shop, Sim};
use crate::{
    plot::{Provider, Trouble},
    watch::Channel,
};
use http::Method;
use proof_core::Clock;
use serde_json::{Value, json};

impl Sim {
    /// What partners do all the time.
    pub(super) async fn read_feeds(&self) {
        let shops = self.shops.borrow().clone();
        let all = shops.iter().enumerate().map(async |(n, shop)| {
            let mut after = String::new();
            loop {
                let more = self.read_feed(n, shop, &mut after).await;
                if !more {
                    let pause = 60 + self.network.random.below(240);
                    self.sleep(pause + self.patience()).await;
                }
            }
        });
        futures::future::join_all(all).await;
    }

    /// In the long run everybody looks less often.
    pub(super) fn patience(&self) -> i64 {
        let begun = self.network.begun.lock().unwrap().unwrap();
        (self.clock.now().seconds() - begun.seconds()) / 200
    }

    async fn read_feed(&self, n: usize, shop: &Shop, after: &mut String) -> bool {
        let path = if after.is_empty() {
            "/widget/events".to_owned()
        } else {
            format!("/widget/events?after={after}")
        };
        let who = (format!("feed {n}"), &shop.token);
        let call = (Method::GET, path.as_str());
        let (status, page) = self.call(call, (&who.0, who.1), Vec::new()).await;
        if status != 200 {
            assert!(status >= 500, "{status} {page}");
            return false;
        }
        let events = page["data"].as_array().unwrap();
        for event in events {
            self.watch.shown(Channel::Feed, event);
        }
        if let Some(cursor) = page["next_cursor"].as_str() {
            cursor.clone_into(after);
        }
        !events.is_empty()
    }

    /// A partner that was away for long finds its webhook switched off, and asks for what it missed.
    pub(super) async fn ask_for_what_was_missed(&self) {
        let Trouble::Away {
            who: Provider::Shop,
            from,
            seconds,
        } = self.script.faults.trouble
        else {
            return;
        };
        let (begun, shop) = {
            let begun = *self.network.begun.lock().unwrap();
            (begun.unwrap(), self.shops.borrow()[0].clone())
        };
        let back = begun.plus_seconds(from + seconds + CAME_BACK_SECONDS);
        proof_port::Timer::sleep_until(self.clock.as_ref(), back).await;
        let range = json!({
            "from": begun.to_contract(), "to": back.plus_seconds(1).to_contract(),
        });
        for (path, status, body) in [("enable", 200, json!({})), ("recover", 202, range)] {
            let path = format!("/widget/webhook/{path}");
            self.until(status, &path, ("shop 0", &shop.token), &body)
                .await;
        }
    }

    /// The same call again until it is answered well; its key makes it one call.
    pub(super) async fn until(
        &self,
        expected: u16,
        path: &str,
        who: (&str, &str),
        body: &Value,
    ) -> Value {
        loop {
            let body = body.to_string().into();
            let (status, answer) = self.call((Method::POST, path), who, body).await;
            if status == expected {
                return answer;
            }
            assert!(status >= 500, "{path}: {status} {answer}");
            self.sleep(2).await;
        }
    }
}
