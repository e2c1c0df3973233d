//! Knowing somebody again. What attempts leave behind of a person is kept under a key of the installation that
//! is in no database: numbers of documents and addresses as keyed hashes, the numbers of faces sealed.

use crate::{ApiError, Engine, error::refused};
use aes_gcm::{
    Aes256Gcm, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use proof_core::{
    Timestamp,
    id::{CustomerId, OrderId, PersonId, VerificationId},
    identity::{
        DocumentNumber, Evidence, Face, Likeness, PersonPolicy, Proven, Resembling, Standing,
        Wanted, is_email_new, standing,
    },
    order::Order,
    partner::Environment,
    screening::{ListedKind, names::NameCheck},
    time::random,
};
use proof_store::{CustomerRow, Db, Failure, ProofRow, SealedFace, Tx, Verdict};
use sha2::Sha256;
use std::{collections::BTreeMap, sync::Arc};
use uuid::Uuid;

const NONCE_BYTES: usize = 12;

/// Faces with which a new one is compared: the newest ones.
const FACES_MAX: usize = 20_000;
const FACES_PAGE: i64 = 1_000;

/// From so many on they are compared beside the threads that answer calls: fewer are done sooner than handed
/// over.
const FACES_AT_ONCE: usize = 64;

/// A document is shown a few times, and so is a person.
pub(crate) const PROOFS_MAX: i64 = 50;

/// Devices that are known of a person, the latest: each shop's page has its own.
const DEVICES_MAX: i64 = 12;

/// The order's device is known from now on.
pub(crate) async fn device_learn(
    tx: &mut Tx,
    person: PersonId,
    order: OrderId,
    now: Timestamp,
) -> Result<(), Failure<ApiError>> {
    tx.device_learn(person, order, now).await?;
    tx.device_trim(person, DEVICES_MAX).await?;
    Ok(())
}

/// How persons are known again.
#[derive(Clone, Default)]
pub struct Persons {
    /// `None`: this process looks at nobody.
    pub key: Option<[u8; 32]>,
    /// The key before this one is lost, and whoever was known by it is not known any more.
    pub key_is_new: bool,
    pub policy: PersonPolicy,
}

/// The keys that are made of the one.
pub(crate) struct PersonKeys {
    root: [u8; 32],
    faces: Aes256Gcm,
}

impl PersonKeys {
    fn new(root: [u8; 32]) -> Result<Self, ApiError> {
        let faces = keyed(&root, &[b"person_face/1"])?;
        Ok(Self {
            root,
            faces: Aes256Gcm::new(&faces.into()),
        })
    }

    fn document(
        &self,
        environment: Environment,
        document: &DocumentNumber,
    ) -> Result<[u8; 32], ApiError> {
        self.hash(b"person_document/1", environment, &document.canonical())
    }

    pub fn email(&self, environment: Environment, email: &str) -> Result<[u8; 32], ApiError> {
        self.hash(b"person_email/1", environment, &email.to_lowercase())
    }

    /// Of what a browser drew for itself.
    pub fn device(&self, environment: Environment, device: &str) -> Result<[u8; 32], ApiError> {
        self.hash(b"person_device/1", environment, device)
    }

    fn hash(
        &self,
        what: &[u8],
        environment: Environment,
        text: &str,
    ) -> Result<[u8; 32], ApiError> {
        let place = environment.name().as_bytes();
        keyed(&self.root, &[what, b"\n", place, b"\n", text.as_bytes()])
    }

    fn seal(
        &self,
        verification: VerificationId,
        face: &Face,
        nonce: [u8; NONCE_BYTES],
    ) -> Result<SealedFace, ApiError> {
        let place = verification.uuid();
        let payload = Payload {
            msg: face.bytes(),
            aad: place.as_bytes(),
        };
        let sealed = self.faces.encrypt(&Nonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| ApiError::internal("a face cannot be sealed"))?;
        Ok(SealedFace {
            model: face.model.clone(),
            sealed: [nonce.to_vec(), sealed].concat(),
        })
    }

    /// `None`: it was sealed with a key that is lost, or somebody changed it.
    pub fn open(&self, row: &ProofRow) -> Option<Face> {
        let kept = row.face.as_ref()?;
        let (nonce, sealed) = kept.sealed.split_first_chunk::<NONCE_BYTES>()?;
        let place = row.verification.uuid();
        let payload = Payload {
            msg: sealed,
            aad: place.as_bytes(),
        };
        let opened = self.faces.decrypt(&Nonce::from(*nonce), payload).ok()?;
        Face::of_bytes(&kept.model, opened)
    }

    fn likeness(&self, row: &ProofRow, face: Option<&Face>) -> Option<Likeness> {
        face?.likeness(&self.open(row)?)
    }
}

/// Whether what proved a person still holds, for an order of so much.
pub(crate) async fn person_standing(
    tx: &mut Tx,
    person: PersonId,
    wanted: Option<Wanted>,
    by: (&PersonPolicy, Timestamp),
) -> Result<Standing, Failure<ApiError>> {
    let rows = tx.proof_of_person(person, PROOFS_MAX).await?;
    let proven = rows.iter().map(|row| Proven {
        at: row.at,
        document_ends: row.document_ends,
        has_face: row.face.is_some(),
    });
    let row = tx.person_load(person).await?;
    let erased_at = row.and_then(|row| row.erased_at);
    let proven: Vec<_> = proven.collect();
    Ok(standing(&proven, erased_at, wanted, by))
}

/// Whether the customer of an order need not show anything, with the address that the order came with. `None` of whom
/// nobody knows.
pub(crate) async fn customer_standing(
    tx: &mut Tx,
    customer: &CustomerRow,
    order: &Order,
    by: (&PersonPolicy, Timestamp),
) -> Result<Option<Standing>, Failure<ApiError>> {
    let Some(person) = customer.person else {
        return Ok(None);
    };
    let amount = order.amount;
    let device_is_known = if by.0.selfie_above_new_device.contains(amount) {
        tx.device_known(person, order.origin.unwrap_or(order.id))
            .await?
    } else {
        false
    };
    let wanted = Wanted {
        amount,
        device_is_known,
    };
    let standing = person_standing(tx, person, Some(wanted), by).await?;
    let confirmed = customer.confirmed_email.as_deref();
    let is_new = is_email_new(order.environment, confirmed, &order.email);
    Ok(Some(standing.with_email(is_new)))
}

fn keyed(key: &[u8], parts: &[&[u8]]) -> Result<[u8; 32], ApiError> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(ApiError::internal)?;
    parts.iter().for_each(|part| mac.update(part));
    Ok(mac.finalize().into_bytes().into())
}

/// The keys of this process, once it is known that they are those of the database.
pub(crate) async fn keys(db: &Db, persons: &Persons) -> Result<Option<PersonKeys>, ApiError> {
    let Some(root) = persons.key else {
        return Ok(None);
    };
    let (check, is_new) = (keyed(&root, &[b"person_check/1"])?, persons.key_is_new);
    db.write("person_check", move |tx: &mut Tx| {
        Box::pin(async move {
            match tx.person_check().await? {
                Some(kept) if kept == check => Ok(()),
                Some(_) if !is_new => {
                    let lost = "this is not the key by which this database knows persons: bring \
                                persons.key back, or say new_key = true in [persons], and nobody who \
                                was seen before is known again";
                    Err(refused(ApiError::internal(lost)))
                }
                Some(_) | None => {
                    tx.person_check_save(check).await?;
                    Ok::<_, Failure<ApiError>>(())
                }
            }
        })
    })
    .await?;
    PersonKeys::new(root).map(Some)
}

/// What an attempt shows of a person, under the keys, and whom it was compared with.
#[derive(Clone)]
pub(crate) struct Traces {
    pub evidence: Evidence,
    pub row: ProofRow,
    /// What sanctions lists say of the name.
    pub names: Option<NameCheck>,
    /// There are lists, and no name to compare with them.
    pub is_unscreened: bool,
    /// Faces of decided attempts that were near enough, or of the customer's own person.
    alike: BTreeMap<VerificationId, (ProofRow, Option<Likeness>)>,
}

/// Whose attempt it is.
#[derive(Clone, Copy)]
pub(crate) struct Whose {
    pub verification: VerificationId,
    pub customer: CustomerId,
    pub environment: Environment,
    pub own: Option<PersonId>,
}

impl Engine {
    pub(crate) fn person_keys(&self) -> Result<&Arc<PersonKeys>, ApiError> {
        let keys = self.person_keys.as_ref();
        keys.ok_or_else(|| {
            ApiError::unavailable("this process has no key of the persons".to_owned())
        })
    }

    /// Seals what an attempt shows, and compares its face with those that are known.
    pub(crate) async fn traces(
        &self,
        whose: Whose,
        email: &str,
        evidence: Evidence,
    ) -> Result<Traces, ApiError> {
        let keys = self.person_keys()?;
        let environment = whose.environment;
        let document = evidence.document.as_ref();
        let hash = document.map(|document| keys.document(environment, document));
        let seal = |face: &Face| {
            let nonce = random(self.entropy.as_ref());
            keys.seal(whose.verification, face, nonce)
        };
        let row = ProofRow {
            verification: whose.verification,
            environment,
            customer: whose.customer,
            verdict: Verdict::Waiting,
            document_hash: hash.transpose()?,
            document_ends: evidence.document_ends,
            face: evidence.face.as_ref().map(seal).transpose()?,
            email_hash: Some(keys.email(environment, email)?),
            at: self.now(),
        };
        let alike = self.faces_alike(whose, evidence.face.as_ref()).await?;
        Ok(Traces {
            evidence,
            row,
            names: None,
            is_unscreened: false,
            alike,
        })
    }

    /// The same of an attempt that waits, by what it left behind.
    pub(crate) async fn traces_again(
        &self,
        whose: Whose,
        row: ProofRow,
    ) -> Result<Traces, ApiError> {
        let face = self.person_keys()?.open(&row);
        let alike = self.faces_alike(whose, face.as_ref()).await?;
        Ok(Traces {
            evidence: Evidence {
                face,
                ..Evidence::default()
            },
            row,
            names: None,
            is_unscreened: false,
            alike,
        })
    }

    /// Decided attempts of others whose face is the same, and all of the customer's own person.
    async fn faces_alike(
        &self,
        whose: Whose,
        face: Option<&Face>,
    ) -> Result<BTreeMap<VerificationId, (ProofRow, Option<Likeness>)>, ApiError> {
        let mut alike = BTreeMap::new();
        let Some(face) = face else {
            return Ok(alike);
        };
        // An attempt that began later may have been decided before.
        let (mut before, mut seen) = (VerificationId::from_uuid(Uuid::max()), 0);
        while seen < FACES_MAX {
            let page = self
                .faces_page(whose.environment, &face.model, before)
                .await?;
            let (Some(last), count) = (page.last(), page.len()) else {
                break;
            };
            before = last.verification;
            seen += count;
            let compared = self.compared(face.clone(), page).await?;
            let near = compared.into_iter().filter(|(row, likeness)| {
                *likeness == Some(Likeness::Same) || is_of(row, whose.own)
            });
            alike.extend(near.map(|(row, likeness)| (row.verification, (row, likeness))));
            if i64::try_from(count).unwrap_or(i64::MAX) < FACES_PAGE {
                break;
            }
        }
        Ok(alike)
    }

    async fn faces_page(
        &self,
        environment: Environment,
        model: &str,
        before: VerificationId,
    ) -> Result<Vec<ProofRow>, ApiError> {
        let model = model.to_owned();
        self.db
            .read("proof_faces", move |tx: &mut Tx| {
                let model = model.clone();
                Box::pin(async move {
                    let page = tx.proof_faces(environment, &model, before, FACES_PAGE);
                    Ok::<_, Failure<ApiError>>(page.await?)
                })
            })
            .await
            .map_err(ApiError::from)
    }

    async fn compared(
        &self,
        face: Face,
        page: Vec<ProofRow>,
    ) -> Result<Vec<(ProofRow, Option<Likeness>)>, ApiError> {
        let (keys, is_small) = (self.person_keys()?.clone(), page.len() < FACES_AT_ONCE);
        let work = move || -> Vec<_> {
            let likeness = |row: ProofRow| {
                let likeness = keys.likeness(&row, Some(&face));
                (row, likeness)
            };
            page.into_iter().map(likeness).collect()
        };
        if is_small {
            return Ok(work());
        }
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(ApiError::internal)
    }
}

fn is_of(row: &ProofRow, own: Option<PersonId>) -> bool {
    own.is_some_and(|own| row.verdict == Verdict::Approved(own))
}

impl Traces {
    /// All that this attempt reminds of. Of two who show one document at once, the second finds the first.
    pub async fn found(
        &self,
        tx: &mut Tx,
        keys: &PersonKeys,
        own: Option<PersonId>,
    ) -> Result<Vec<Resembling>, Failure<ApiError>> {
        tx.proof_lock().await?;
        let mut rows = self.alike.clone();
        let mut more = Vec::new();
        if let Some(hash) = self.row.document_hash {
            let but = self.row.verification;
            more = tx.proof_of_document(hash, but, PROOFS_MAX).await?;
        }
        if let Some(own) = own {
            more.extend(tx.proof_of_person(own, PROOFS_MAX).await?);
        }
        for row in more {
            let likeness = keys.likeness(&row, self.evidence.face.as_ref());
            rows.entry(row.verification).or_insert((row, likeness));
        }
        rows.remove(&self.row.verification);
        let mut found = Vec::new();
        for (row, likeness) in rows.into_values() {
            found.push(self.resembling(tx, &row, likeness).await?);
        }
        Ok(found)
    }

    async fn resembling(
        &self,
        tx: &mut Tx,
        row: &ProofRow,
        likeness: Option<Likeness>,
    ) -> Result<Resembling, Failure<ApiError>> {
        let (person, refused) = match &row.verdict {
            Verdict::Approved(person) => (Some(*person), None),
            Verdict::Refused(reason) => (None, Some(reason.clone())),
            Verdict::Waiting => (None, None),
        };
        let is_listed = match person {
            None => false,
            Some(person) => {
                let name = person.to_string();
                let line = tx.listing_find(ListedKind::Person, &name).await?;
                line.is_some_and(|line| line.is_listed)
            }
        };
        let hash = self.row.document_hash;
        Ok(Resembling {
            verification: row.verification,
            person,
            refused,
            is_listed,
            same_document: hash.is_some() && hash == row.document_hash,
            likeness,
        })
    }
}
