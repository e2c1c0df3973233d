//! What an attempt that looks well is worth beside what others showed before: the one place where the evidence
//! of an approval is judged.

use super::{Evidence, IdentityProblem, Likeness};
use crate::id::{PersonId, VerificationId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What everybody hears who is on the operator's list; why is between the operator and the law.
pub const NOT_ACCEPTED: &str = "not_accepted";

/// Another attempt with the same document, or of somebody who looks alike.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Resembling {
    pub verification: VerificationId,
    /// Whom it proved.
    pub person: Option<PersonId>,
    /// Why its person was refused for good.
    pub refused: Option<String>,
    /// Its person is on the operator's list.
    pub is_listed: bool,
    pub same_document: bool,
    /// `None`: there are no two faces of one network.
    pub likeness: Option<Likeness>,
}

impl Resembling {
    fn same_face(&self) -> bool {
        self.likeness == Some(Likeness::Same)
    }

    /// One document, and no face that speaks against it.
    fn is_same(&self) -> bool {
        self.same_document
            && self
                .likeness
                .is_none_or(|likeness| likeness == Likeness::Same)
    }

    pub fn is_unwanted(&self) -> bool {
        self.refused.is_some() || self.is_listed
    }
}

/// Whom an attempt reminds of, for the people who look at it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Resemblance {
    pub verification: VerificationId,
    pub document: bool,
    pub face: bool,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Assessment {
    /// `None`: somebody whom nobody knew.
    Accept { person: Option<PersonId> },
    /// People have to look.
    Review {
        reason: &'static str,
        resembles: Vec<Resemblance>,
    },
    /// It ends as it did before.
    Refuse { reason: String },
    /// Another picture may cure it.
    Retry { problem: IdentityProblem },
}

/// Judges what somebody showed by `found`: all that has the same document or a face that is the same, and what
/// proved `own`, who the customer is known to be.
pub fn assess(_evidence: &Evidence, own: Option<PersonId>, found: &[Resembling]) -> Assessment {
    let unwanted = |one: &&Resembling| one.is_unwanted();
    if let Some(one) = found.iter().filter(unwanted).find(|one| one.is_same()) {
        let reason = one.refused.clone();
        return Assessment::Refuse {
            reason: reason.unwrap_or_else(|| NOT_ACCEPTED.to_owned()),
        };
    }
    // A face is like some other one among thousands by chance, and a document may be stolen, also from who shows
    // it now and is known by it: people decide.
    let is_owner = found
        .iter()
        .any(|one| one.person.is_some() && one.is_same());
    let looks_unwanted = |one: &Resembling| {
        one.is_unwanted() && (one.same_face() || (one.same_document && !is_owner))
    };
    if found.iter().any(looks_unwanted) {
        return review(REFUSED_LIKE, found);
    }
    let is_anothers =
        |one: &Resembling| one.refused.is_none() && one.same_document && !one.is_same();
    if found.iter().any(is_anothers) {
        return review("another face was shown with this document", found);
    }
    let own_looks_other = |one: &Resembling| {
        own.is_some() && one.person == own && one.likeness.is_some_and(|l| l != Likeness::Same)
    };
    if found.iter().any(own_looks_other) {
        return review("the customer looked different before", found);
    }
    let by_document = found.iter().filter(|one| one.is_same());
    let by_face = found.iter().filter(|one| one.same_face());
    let by_document: BTreeSet<PersonId> = by_document.filter_map(|one| one.person).collect();
    let mut others: BTreeSet<PersonId> = by_face.filter_map(|one| one.person).collect();
    others.extend(&by_document);
    let person = own.or_else(|| by_document.first().copied());
    if others.iter().any(|other| Some(*other) != person) {
        let reason = if by_document.is_empty() {
            "somebody with another document has this face"
        } else {
            "document and face are of more than one person"
        };
        return review(reason, found);
    }
    Assessment::Accept { person }
}

/// Judges a selfie without a document by all that is known of `person`, who it is said to be.
pub fn recognise(person: PersonId, found: &[Resembling]) -> Assessment {
    let own = || found.iter().filter(|one| one.person == Some(person));
    if own().any(|one| one.is_listed) {
        return Assessment::Refuse {
            reason: NOT_ACCEPTED.to_owned(),
        };
    }
    if found.iter().any(|one| one.is_unwanted() && one.same_face()) {
        return review(REFUSED_LIKE, found);
    }
    match own().filter_map(|one| one.likeness).max() {
        Some(Likeness::Same) => Assessment::Accept {
            person: Some(person),
        },
        Some(Likeness::Maybe) => review("the selfie may show somebody else", found),
        Some(Likeness::Other) => Assessment::Retry {
            problem: IdentityProblem::FaceMismatch,
        },
        None => review("there is no face to compare the selfie with", found),
    }
}

const REFUSED_LIKE: &str = "it looks like somebody who was refused, or is listed";

/// Enough for anybody to see the pattern.
const RESEMBLANCES_MAX: usize = 20;

fn review(reason: &'static str, found: &[Resembling]) -> Assessment {
    Assessment::Review {
        reason,
        resembles: resemblances(found),
    }
}

/// What is alike in all of these, for people.
pub fn resemblances(found: &[Resembling]) -> Vec<Resemblance> {
    let alike = found
        .iter()
        .filter(|one| one.same_document || one.same_face());
    let told = alike.map(|one| Resemblance {
        verification: one.verification,
        document: one.same_document,
        face: one.same_face(),
    });
    told.take(RESEMBLANCES_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const SAME: Option<Likeness> = Some(Likeness::Same);
    const OTHER: Option<Likeness> = Some(Likeness::Other);

    fn person(n: u128) -> PersonId {
        PersonId::from_uuid(Uuid::from_u128(n))
    }

    fn of(n: u128, same_document: bool, likeness: Option<Likeness>) -> Resembling {
        Resembling {
            verification: VerificationId::from_uuid(Uuid::from_u128(n)),
            person: Some(person(n)),
            refused: None,
            is_listed: false,
            same_document,
            likeness,
        }
    }

    fn refused(same_document: bool, likeness: Option<Likeness>) -> Resembling {
        Resembling {
            person: None,
            refused: Some("document_forged".to_owned()),
            ..of(9, same_document, likeness)
        }
    }

    /// "new", the number of the person, "review" or the reason.
    fn told(own: Option<u128>, found: &[Resembling]) -> String {
        match assess(&Evidence::default(), own.map(person), found) {
            Assessment::Accept { person: None } => "new".to_owned(),
            Assessment::Accept {
                person: Some(person),
            } => person.uuid().as_u128().to_string(),
            Assessment::Review { reason, .. } => format!("review: {reason}"),
            Assessment::Refuse { reason } => reason,
            Assessment::Retry { problem } => problem.name().to_owned(),
        }
    }

    #[test]
    fn a_selfie_alone_is_of_whom_it_is_said_to_be() {
        let told = |found: &[Resembling]| recognise(person(1), found);
        let accepted = Assessment::Accept {
            person: Some(person(1)),
        };
        // One of several pictures is enough, and whoever else looks like it does not matter.
        let alike = [of(1, false, OTHER), of(1, false, SAME), of(2, false, SAME)];
        assert_eq!(told(&alike), accepted);
        let mismatch = Assessment::Retry {
            problem: IdentityProblem::FaceMismatch,
        };
        assert_eq!(told(&[of(1, false, OTHER), of(2, false, SAME)]), mismatch);
        let listed = Resembling {
            is_listed: true,
            ..of(1, false, SAME)
        };
        let refusal = Assessment::Refuse {
            reason: NOT_ACCEPTED.to_owned(),
        };
        assert_eq!(told(&[listed]), refusal);
        for found in [
            vec![],
            vec![of(1, false, None)],
            vec![of(1, false, Some(Likeness::Maybe))],
            vec![of(1, false, SAME), refused(false, SAME)],
        ] {
            let told = told(&found);
            assert!(
                matches!(told, Assessment::Review { .. }),
                "{found:?}: {told:?}"
            );
        }
    }

    #[test]
    fn who_shows_document_and_face_of_somebody_known_is_that_person() {
        assert_eq!(told(None, &[]), "new");
        assert_eq!(told(None, &[of(1, true, SAME)]), "1");
        assert_eq!(told(None, &[of(1, true, None)]), "1");
        assert_eq!(told(None, &[of(1, true, SAME), of(1, false, SAME)]), "1");
        assert_eq!(told(Some(1), &[]), "1");
        assert_eq!(told(Some(1), &[of(1, false, SAME)]), "1", "a new document");
    }

    #[test]
    fn what_does_not_fit_goes_to_people() {
        for (own, found) in [
            (None, vec![of(1, true, OTHER)]),
            (None, vec![of(1, true, Some(Likeness::Maybe))]),
            (None, vec![of(1, false, SAME)]),
            (None, vec![of(1, true, SAME), of(2, false, SAME)]),
            (None, vec![of(1, true, SAME), of(2, true, SAME)]),
            (Some(1), vec![of(1, false, OTHER)]),
            (Some(1), vec![of(1, true, OTHER)]),
            (Some(1), vec![of(2, true, SAME)]),
            (Some(1), vec![of(2, false, SAME)]),
            (None, vec![refused(true, OTHER)]),
            (None, vec![refused(false, SAME)]),
        ] {
            let told = told(own, &found);
            assert!(told.starts_with("review"), "{found:?}: {told}");
        }
    }

    #[test]
    fn whoever_was_refused_stays_refused() {
        assert_eq!(told(None, &[refused(true, SAME)]), "document_forged");
        assert_eq!(told(None, &[refused(true, None)]), "document_forged");
        assert_eq!(
            told(None, &[of(1, true, SAME), refused(true, SAME)]),
            "document_forged"
        );
        let thief = refused(true, OTHER);
        assert_eq!(told(None, &[of(1, true, SAME), thief]), "1", "it was hers");
        let listed = Resembling {
            is_listed: true,
            ..of(1, true, SAME)
        };
        assert_eq!(told(None, std::slice::from_ref(&listed)), NOT_ACCEPTED);
        assert_eq!(told(Some(1), &[listed]), NOT_ACCEPTED);
    }

    #[test]
    fn people_hear_whom_it_resembles() {
        let found = [of(1, true, OTHER), of(2, false, OTHER), of(3, false, SAME)];
        let Assessment::Review { resembles, .. } = assess(&Evidence::default(), None, &found)
        else {
            panic!("accepted");
        };
        let told: Vec<_> = resembles
            .iter()
            .map(|one| (one.verification, one.document, one.face))
            .collect();
        assert_eq!(
            told,
            [
                (found[0].verification, true, false),
                (found[2].verification, false, true)
            ]
        );
    }
}
