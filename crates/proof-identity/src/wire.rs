//! How a worker is asked and how it answers: a length, a head in JSON, and behind it the pictures as
//! they came. Everything is bounded before it is read.

use crate::{
    check::{Case, CaseFrame, FRAMES_MAX, Policy},
    liveness::Step,
    picture::BYTES_MAX,
    report::Report,
};
use chrono::NaiveDate;
use proof_core::identity::DocumentKind;
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};

/// A head lists forty frames and the digests of earlier ones.
const HEAD_BYTES_MAX: usize = 1024 * 1024;

/// A whole case: two sides and a film.
pub const CASE_BYTES_MAX: usize = 64 * 1024 * 1024;

#[derive(Serialize, Deserialize)]
struct Head {
    kind: DocumentKind,
    today: NaiveDate,
    policy: Policy,
    asked: Vec<Step>,
    seen_before: Vec<[u8; 32]>,
    front_bytes: Option<usize>,
    back_bytes: Option<usize>,
    frames: Vec<HeadFrame>,
}

#[derive(Serialize, Deserialize)]
struct HeadFrame {
    index: u32,
    at_ms: u64,
    step: Step,
    bytes: usize,
}

#[derive(Debug, thiserror::Error)]
pub enum WireError {
    #[error("the pipe to the other process")]
    Io(#[from] io::Error),
    #[error("a message that nobody writes")]
    Form,
    #[error("more than a case may have")]
    TooLarge,
}

pub fn case_bytes(case: &Case) -> Result<Vec<u8>, WireError> {
    let head = Head {
        kind: case.kind,
        today: case.today,
        policy: case.policy,
        asked: case.asked.clone(),
        seen_before: case.seen_before.clone(),
        front_bytes: case.front.as_ref().map(Vec::len),
        back_bytes: case.back.as_ref().map(Vec::len),
        frames: case
            .frames
            .iter()
            .map(|frame| HeadFrame {
                index: frame.index,
                at_ms: frame.at_ms,
                step: frame.step,
                bytes: frame.bytes.len(),
            })
            .collect(),
    };
    let mut out = Vec::new();
    write(
        &mut out,
        &serde_json::to_vec(&head).map_err(|_| WireError::Form)?,
    )?;
    out.extend(case.front.iter().flatten());
    out.extend(case.back.iter().flatten());
    for frame in &case.frames {
        out.extend_from_slice(&frame.bytes);
    }
    if out.len() > CASE_BYTES_MAX {
        return Err(WireError::TooLarge);
    }
    Ok(out)
}

/// `None`: the other side is done.
pub fn case_read(from: &mut impl Read) -> Result<Option<Case>, WireError> {
    let Some(head) = read(from)? else {
        return Ok(None);
    };
    let head: Head = serde_json::from_slice(&head).map_err(|_| WireError::Form)?;
    if head.frames.len() > FRAMES_MAX {
        return Err(WireError::TooLarge);
    }
    let mut left = CASE_BYTES_MAX;
    let mut take = |bytes: usize| -> Result<Vec<u8>, WireError> {
        // One more than a picture may have: then it is refused for what it is.
        left = left.checked_sub(bytes).ok_or(WireError::TooLarge)?;
        if bytes > BYTES_MAX + 1 {
            return Err(WireError::TooLarge);
        }
        let mut picture = vec![0; bytes];
        from.read_exact(&mut picture)?;
        Ok(picture)
    };
    let front = head.front_bytes.map(&mut take).transpose()?;
    let back = head.back_bytes.map(&mut take).transpose()?;
    let frames = head
        .frames
        .iter()
        .map(|frame| {
            Ok(CaseFrame {
                index: frame.index,
                at_ms: frame.at_ms,
                step: frame.step,
                bytes: take(frame.bytes)?,
            })
        })
        .collect::<Result<_, WireError>>()?;
    Ok(Some(Case {
        kind: head.kind,
        front,
        back,
        asked: head.asked,
        frames,
        seen_before: head.seen_before,
        today: head.today,
        policy: head.policy,
    }))
}

pub fn report_write(to: &mut impl Write, report: &Report) -> Result<(), WireError> {
    write(
        to,
        &serde_json::to_vec(report).map_err(|_| WireError::Form)?,
    )?;
    to.flush()?;
    Ok(())
}

/// How long the answer is, from its first four bytes.
pub fn report_length(head: [u8; 4]) -> Result<usize, WireError> {
    let length = u32::from_be_bytes(head) as usize;
    if length > HEAD_BYTES_MAX {
        return Err(WireError::TooLarge);
    }
    Ok(length)
}

pub fn report_read(bytes: &[u8]) -> Result<Report, WireError> {
    serde_json::from_slice(bytes).map_err(|_| WireError::Form)
}

fn write(to: &mut impl Write, bytes: &[u8]) -> Result<(), WireError> {
    let length = u32::try_from(bytes.len()).map_err(|_| WireError::TooLarge)?;
    if bytes.len() > HEAD_BYTES_MAX {
        return Err(WireError::TooLarge);
    }
    to.write_all(&length.to_be_bytes())?;
    to.write_all(bytes)?;
    Ok(())
}

fn read(from: &mut impl Read) -> Result<Option<Vec<u8>>, WireError> {
    let mut head = [0; 4];
    match from.read_exact(&mut head) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    let mut bytes = vec![0; report_length(head)?];
    from.read_exact(&mut bytes)?;
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case() -> Case {
        Case {
            kind: DocumentKind::NationalId,
            front: Some(vec![1; 10]),
            back: Some(vec![2; 20]),
            asked: vec![Step::Center, Step::Left],
            frames: vec![CaseFrame {
                index: 4,
                at_ms: 900,
                step: Step::Left,
                bytes: vec![3; 30],
            }],
            seen_before: vec![[9; 32]],
            today: NaiveDate::from_ymd_opt(2026, 11, 26).unwrap(),
            policy: Policy::default(),
        }
    }

    #[test]
    fn a_case_arrives_as_it_was_sent() {
        let bytes = case_bytes(&case()).unwrap();
        let mut pipe = bytes.as_slice();
        let read = case_read(&mut pipe).unwrap().unwrap();
        assert_eq!(format!("{read:?}"), format!("{:?}", case()));
        assert!(case_read(&mut pipe).unwrap().is_none());
    }

    #[test]
    fn nobody_makes_a_worker_read_more_than_a_case() {
        let huge = [&u32::MAX.to_be_bytes()[..], b"{}"].concat();
        assert!(matches!(
            case_read(&mut huge.as_slice()),
            Err(WireError::TooLarge)
        ));
        let cut = case_bytes(&case()).unwrap();
        assert!(matches!(
            case_read(&mut &cut[..cut.len() - 1]),
            Err(WireError::Io(_))
        ));
        let many = Case {
            frames: vec![case().frames[0].clone(); FRAMES_MAX + 1],
            ..case()
        };
        let bytes = case_bytes(&many).unwrap();
        assert!(matches!(
            case_read(&mut bytes.as_slice()),
            Err(WireError::TooLarge)
        ));
    }
}
