//! Judging how a partner's backend takes errors that the server provoked.

use crate::time::Timestamp;

/// Retries that come sooner than this after the call before hammer.
const GAP_MS_MIN: i64 = 100;

/// What comes later than this is another call.
const GAP_MS_MAX: i64 = 60_000;

/// So many calls in this time are a loop, whatever they are answered.
const LOOP_CALLS: usize = 4;
const LOOP_SECONDS: i64 = 30;

/// Of an event that was sent again: the shop counted its effects itself, so that nobody has to sign.
pub const COUNTED: &str = "WHK-2 counted";

/// Of an event that nobody sent.
pub const FORGED: &str = "WHK-2 forged";

/// Two gaps grow when the later is at least this much of the earlier, in percent: clients add jitter.
const GROWTH_PERCENT_MIN: i64 = 120;

/// When the same call was made, from the one that was refused on.
pub type Calls<'a> = &'a [Timestamp];

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ProbeVerdict {
    Good(String),
    Bad(String),
    /// Not all of it was seen yet.
    Open,
}

fn gaps(calls: Calls<'_>) -> Vec<i64> {
    let pairs = calls.windows(2);
    pairs
        .map(|pair| match pair {
            [a, b] => b.millis_since(*a),
            _ => 0,
        })
        .collect()
}

/// `0.2 s, 0.4 s and 0.8 s`.
fn spoken(gaps: &[i64]) -> String {
    let seconds = |ms: &i64| {
        let (whole, rest) = (ms.div_euclid(1_000), ms.rem_euclid(1_000));
        let text = format!("{whole}.{rest:03}");
        let text = text.trim_end_matches('0').trim_end_matches('.');
        format!("{text} s")
    };
    let said: Vec<String> = gaps.iter().map(seconds).collect();
    match said.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
        None => String::new(),
    }
}

/// `502`: tried again, not at once, and later each time. `refused` calls were answered so.
pub fn backoff_verdict(calls: Calls<'_>, refused: usize, is_over: bool) -> ProbeVerdict {
    let gaps = gaps(calls);
    // Only what follows a refusal is a retry; what comes after the first good answer is another call.
    let retries = gaps.get(..refused.min(gaps.len())).unwrap_or_default();
    if let Some(gap) = retries.iter().find(|gap| **gap < GAP_MS_MIN) {
        return ProbeVerdict::Bad(format!(
            "the call was repeated after {gap} ms: wait at least {GAP_MS_MIN} ms, and longer each time"
        ));
    }
    if let Some(gap) = retries.iter().find(|gap| **gap > GAP_MS_MAX) {
        return ProbeVerdict::Bad(format!(
            "the call was not repeated within a minute, but after {gap} ms"
        ));
    }
    let shrinks = |pair: &[i64]| match pair {
        [a, b] => b.saturating_mul(100) < a.saturating_mul(GROWTH_PERCENT_MIN),
        _ => false,
    };
    if retries.windows(2).any(shrinks) {
        return ProbeVerdict::Bad(format!(
            "the pauses between retries did not grow: {}",
            spoken(retries)
        ));
    }
    if retries.len() >= refused {
        return ProbeVerdict::Good(format!("retried after {}", spoken(retries)));
    }
    match (is_over, retries.is_empty()) {
        (false, _) => ProbeVerdict::Open,
        (true, true) => ProbeVerdict::Bad("the call was not repeated".to_owned()),
        (true, false) => ProbeVerdict::Bad(format!(
            "given up after {} of {refused} refusals",
            retries.len()
        )),
    }
}

/// `403`: the same call is not made again and again.
pub fn loop_verdict(calls: Calls<'_>, is_over: bool) -> ProbeVerdict {
    let Some(first) = calls.first() else {
        return ProbeVerdict::Open;
    };
    let until = first.plus_seconds(LOOP_SECONDS);
    let again = calls.iter().filter(|at| **at <= until).count();
    if again >= LOOP_CALLS {
        return ProbeVerdict::Bad(format!(
            "the same call came {again} times in {LOOP_SECONDS} s: the configuration is wrong, and trying again does not put it right"
        ));
    }
    if is_over {
        let times = match again {
            1 => "was not repeated".to_owned(),
            2 => "was repeated once".to_owned(),
            more => format!("was repeated {} times", more.saturating_sub(1)),
        };
        return ProbeVerdict::Good(format!("the call {times} in {LOOP_SECONDS} s"));
    }
    ProbeVerdict::Open
}
