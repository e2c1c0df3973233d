//! The console: people, what they did, what was seen of an integration, and orders that are looked for.

use crate::kit::{Counting, NOW, write};
use proof_core::{
    audit::{Author, Broken, Deed, Walk},
    checklist::{Asked, AskedPair, Declared, Kind, Observation, Opening, Profile, Said, Signature},
    id::{MemberId, PartnerId, PasskeyId},
    member::{Login, Member, Post, Role},
    operator::OperatorName,
    order::{Order, PublicStatus},
    partner::{Environment, Logo, Look, Origin, Partner, Side, Stage},
    passkey::{PasskeyName, Purpose},
    secret::Secret,
    token::TokenHash,
};
use proof_store::{
    AuditSearch, Credentials, Db, InvitationRow, OrderSearch, PasskeyRow, StoredMember,
};
use serde_json::{Value, json};
use uuid::Uuid;

const TEST: Environment = Environment::Test;

/// Runs every statement of these nouns.
pub async fn rows(db: &Db, entropy: &Counting, partner: &Partner, order: &Order) {
    members(db, entropy, partner).await;
    chain(db).await;
    proposals(db).await;
    seen(db, partner, order).await;
    said(db, partner).await;
    live(db, partner, order).await;
    search(db, partner, order).await;
    counted(db, partner).await;
    wallets(db, partner).await;
    looks(db, partner).await;
}

fn member(id: MemberId, name: &str, post: Post) -> StoredMember {
    StoredMember {
        member: Member {
            id,
            name: name.parse().unwrap(),
            email: format!("{name}@example.com"),
            post,
            is_disabled: false,
            created_at: NOW,
            signed_in_at: None,
        },
        credentials: Credentials {
            password: Some(Secret::new("hash")),
            totp_secret: Secret::new("SECRET"),
            totp_step: 1,
            wrong_tries: 0,
            wrong_at: None,
        },
    }
}

async fn members(db: &Db, entropy: &Counting, partner: &Partner) {
    let id = MemberId::new(NOW, entropy);
    let name: OperatorName = "ann".parse().unwrap();
    let post = Post::new(Role::PartnerAdmin, Some(partner.id)).unwrap();
    let mut ann = member(id, "ann", post);
    let twin = member(MemberId::new(NOW, entropy), "ann", post);
    let first = ann.clone();
    let made = write!(db, [first, twin], |tx| {
        (
            tx.member_insert(&first).await?,
            tx.member_insert(&twin).await?,
        )
    });
    assert_eq!(made, (true, false), "a name is one person's");
    ann.credentials.wrong_tries = 2;
    ann.credentials.wrong_at = Some(NOW);
    ann.member.signed_in_at = Some(NOW);
    let scope = partner.id;
    let (named, locked, listed, others) = write!(db, [ann, name], |tx| {
        tx.member_tried(&ann).await?;
        let named = tx.member_by_name(&name).await?.unwrap();
        let locked = tx.member_lock(id).await?.unwrap();
        let stranger = PartnerId::from_uuid(Uuid::nil());
        (
            named,
            locked,
            tx.member_list(Some(scope), (Some("NN"), ""), 10).await?,
            tx.member_list(Some(stranger), (None, ""), 10).await?,
        )
    });
    assert_eq!(named.credentials.wrong_tries, 2);
    assert_eq!(locked.member.post, post);
    assert_eq!((listed.len(), others.len()), (1, 0));
    invitations(db, post, id).await;
    logins(db, id).await;
    passwords(db, id).await;
    passkeys(db, entropy, id).await;
    ceremonies(db).await;
    let gone = member(id, "ann", post).member;
    let ended = write!(db, [gone], |tx| {
        let ended = (
            tx.member_disable(&gone, NOW).await?,
            tx.member_disable(&gone, NOW).await?,
        );
        (ended, tx.member_load(id).await?.unwrap().is_disabled)
    });
    assert_eq!(ended, ((true, false), true));
}

async fn invitations(db: &Db, post: Post, member: MemberId) {
    let token = TokenHash::of("invitation");
    let row = InvitationRow {
        email: "ben@example.com".into(),
        post,
        totp_secret: Secret::new("SECRET"),
        invited_by: "ann".into(),
        member: None,
        expires_at: NOW.plus_seconds(60),
        used_at: None,
    };
    let (read, used) = write!(db, [row], |tx| {
        tx.invitation_insert(token, &row, NOW).await?;
        let used = (
            tx.invitation_used(token, NOW).await?,
            tx.invitation_used(token, NOW).await?,
        );
        (tx.invitation_load(token).await?.unwrap(), used)
    });
    assert_eq!(used, (true, false), "an invitation is good once");
    assert_eq!(
        (read.post, read.member, read.used_at),
        (post, None, Some(NOW))
    );
    let token = TokenHash::of("again");
    let row = InvitationRow {
        member: Some(member),
        used_at: None,
        ..read
    };
    let (read, used) = write!(db, [row], |tx| {
        tx.invitation_insert(token, &row, NOW).await?;
        tx.invitation_void_of(member, NOW).await?;
        let used = tx.invitation_used(token, NOW).await?;
        (tx.invitation_load(token).await?.unwrap(), used)
    });
    assert_eq!((read.member, used), (Some(member), false));
}

async fn passwords(db: &Db, id: MemberId) {
    let none = Credentials {
        password: None,
        totp_secret: Secret::new(""),
        totp_step: 0,
        wrong_tries: 0,
        wrong_at: None,
    };
    let stored = write!(db, [none], |tx| {
        tx.member_password(id, &none).await?;
        tx.member_lock(id).await?.unwrap()
    });
    assert!(stored.credentials.password.is_none());
    assert_eq!(stored.credentials.wrong_tries, 0);
}

async fn passkeys(db: &Db, entropy: &Counting, member: MemberId) {
    let key = |name: &str, at| PasskeyRow {
        id: PasskeyId::new(at, entropy),
        member,
        name: PasskeyName::parse(name).unwrap(),
        body: json!({ "counter": 0 }),
        created_at: NOW,
        used_at: None,
    };
    let (one, two) = (key("Laptop", NOW), key("Phone", NOW.plus_seconds(1)));
    let (first, second) = (one.id, two.id);
    let (made, listed, used, left) = write!(db, [one, two], |tx| {
        let made = [
            tx.passkey_insert(&one, b"one").await?,
            tx.passkey_insert(&two, b"one").await?,
            tx.passkey_insert(&two, b"two").await?,
        ];
        let used = PasskeyRow {
            body: json!({ "counter": 7 }),
            used_at: Some(NOW),
            ..one
        };
        tx.passkey_used(&used).await?;
        let listed = tx.passkey_list(member).await?;
        let used = tx.passkey_by_credential(b"one").await?.unwrap();
        tx.passkey_remove(used.id).await?;
        let left = tx.passkey_by_credential(b"one").await?;
        (
            made,
            listed,
            used,
            (left, tx.passkey_remove_all(member).await?),
        )
    });
    assert_eq!(made, [true, false, true], "a credential is one person's");
    let listed: Vec<PasskeyId> = listed.iter().map(|row| row.id).collect();
    assert_eq!(listed, [first, second]);
    assert_eq!(
        (used.body, used.used_at),
        (json!({ "counter": 7 }), Some(NOW))
    );
    assert!(left.0.is_none() && left.1 == 1);
}

async fn ceremonies(db: &Db) {
    let (token, late) = (TokenHash::of("ceremony"), TokenHash::of("late"));
    let (soon, session) = (NOW.plus_seconds(60), TokenHash::of("session"));
    let taken = write!(db, |tx| {
        let body = || json!({ "challenge": 1 });
        assert!(
            tx.ceremony_insert(token, Purpose::SignIn, body(), NOW, soon)
                .await?
        );
        assert!(
            tx.ceremony_insert(late, Purpose::SignIn, body(), NOW, soon)
                .await?
        );
        let other = tx
            .ceremony_take(token, Purpose::Again(session), NOW)
            .await?;
        let once = tx.ceremony_take(token, Purpose::SignIn, NOW).await?;
        let twice = tx.ceremony_take(token, Purpose::SignIn, NOW).await?;
        [
            other,
            once,
            twice,
            tx.ceremony_take(late, Purpose::SignIn, soon).await?,
        ]
    });
    let once = Some(json!({ "challenge": 1 }));
    assert_eq!(
        taken,
        [None, once, None, None],
        "once, in time, for what it was begun"
    );
    // Of one session there is one; what is too old makes place for others.
    let taken = write!(db, |tx| {
        let purpose = Purpose::Again(session);
        tx.ceremony_insert(token, purpose, json!(1), NOW, soon)
            .await?;
        tx.ceremony_insert(late, purpose, json!(2), NOW, soon)
            .await?;
        let first = tx.ceremony_take(token, purpose, NOW).await?;
        tx.ceremony_insert(token, Purpose::SignIn, json!(3), soon, soon)
            .await?;
        [first, tx.ceremony_take(late, purpose, NOW).await?]
    });
    assert_eq!(taken, [None, None]);
}

async fn logins(db: &Db, id: MemberId) {
    let login = |token: &str| Login {
        token: TokenHash::of(token),
        member: id,
        created_at: NOW,
        fresh_at: NOW,
        seen_at: NOW,
    };
    let (one, two) = (login("one"), login("two"));
    let token = one.token;
    let (read, left, purged) = write!(db, [one, two], |tx| {
        tx.login_insert(&one).await?;
        tx.login_insert(&two).await?;
        tx.login_seen(one.token, NOW.plus_seconds(5)).await?;
        tx.login_fresh(one.token, NOW.plus_seconds(7)).await?;
        let read = tx.login_load(one.token).await?.unwrap();
        tx.login_end_others(id, one.token).await?;
        assert!(tx.login_load(two.token).await?.is_none());
        tx.login_insert(&two).await?;
        tx.login_end(one.token).await?;
        let left = tx.login_load(one.token).await?;
        (
            read,
            left.is_none(),
            tx.login_purge(NOW.plus_seconds(1)).await?,
        )
    });
    assert_eq!(read.token, token);
    assert_eq!(read.seen_at, NOW.plus_seconds(5));
    assert_eq!(read.fresh_at, NOW.plus_seconds(7));
    assert_eq!((left, purged), (true, 1));
}

fn deed(n: i64) -> Deed {
    Deed {
        author: Author::from("ann".parse::<OperatorName>().unwrap()),
        act: "order.rule",
        subject: format!("ord_{n}"),
        before: Value::Null,
        after: json!({ "n": n }),
    }
}

async fn chain(db: &Db) {
    let (page, listed, head) = write!(db, |tx| {
        for n in 1..=3 {
            assert_eq!(tx.audit_add(&deed(n), NOW).await?, n);
        }
        (
            tx.audit_page(0, 10).await?,
            {
                let search = |text: Option<&str>, by: Option<&str>, act: Option<&str>, before| {
                    let owned = |text: Option<&str>| text.map(str::to_owned);
                    AuditSearch {
                        text: owned(text),
                        by: owned(by),
                        act: owned(act),
                        before,
                        limit: 1,
                    }
                };
                let (ann, rule) = (Some("ann"), Some("order.rule"));
                for (text, by, act, found) in [
                    (Some("ORD_2"), None, None, Some(2)),
                    (Some("ord"), ann, rule, Some(3)),
                    (Some("ord%2"), None, None, None),
                    (None, ann, rule, Some(3)),
                    (None, Some("ben"), None, None),
                    (None, None, rule, Some(3)),
                    (None, None, Some("order.refund"), None),
                ] {
                    let kept = tx.audit_search(&search(text, by, act, i64::MAX)).await?;
                    assert_eq!(
                        kept.first().map(|kept| kept.number),
                        found,
                        "{text:?} {by:?}"
                    );
                }
                let names = tx.audit_names(10).await?;
                let one = |name: &str| vec![name.to_owned()];
                assert_eq!(names, (one("ann"), one("order.rule")));
                tx.audit_search(&search(None, None, None, 3)).await?
            },
            tx.audit_head().await?,
        )
    });
    let walked: Result<Walk, Broken> = page.iter().try_fold(Walk::default(), Walk::step);
    assert_eq!(walked, Ok(head));
    assert_eq!(
        listed.iter().map(|kept| kept.number).collect::<Vec<_>>(),
        [2]
    );
}

async fn proposals(db: &Db) {
    let (none, second, gone) = write!(db, |tx| {
        let none = tx.proposal_load("policy:1").await?;
        tx.proposal_put("policy:1", json!(1), NOW).await?;
        tx.proposal_put("policy:1", json!(2), NOW).await?;
        let second = tx.proposal_load("policy:1").await?;
        assert_eq!(tx.proposal_read("policy:1").await?, second);
        let standing = tx.proposal_list(10).await?;
        assert_eq!(standing, [("policy:1".to_owned(), json!(2))]);
        tx.proposal_end("policy:1").await?;
        (none, second, tx.proposal_load("policy:1").await?)
    });
    assert_eq!((none, second, gone), (None, Some(json!(2)), None));
}

async fn seen(db: &Db, partner: &Partner, order: &Order) {
    let id = partner.id;
    let one = Observation {
        kind: Kind::SessionMade,
        subject: "buy USDT/TRC20".into(),
        first_at: NOW,
        last_at: NOW,
        request_id: "req_1".into(),
        note: String::new(),
        order: Some(order.id),
    };
    let again = Observation {
        last_at: NOW.plus_seconds(60),
        request_id: "req_2".into(),
        ..one.clone()
    };
    let last = again.clone();
    let listed = write!(db, [one, again], |tx| {
        tx.observation_add(id, TEST, &one).await?;
        tx.observation_add(id, TEST, &again).await?;
        tx.observation_list(id, TEST, 10).await?
    });
    assert_eq!(
        listed,
        [last],
        "the first time is kept, the rest is of the last"
    );
}

async fn said(db: &Db, partner: &Partner) {
    let id = partner.id;
    let signature = Signature {
        line: "ACC-3".into(),
        by: "ann".into(),
        note: "we know".into(),
        at: NOW,
        basis: "sells".into(),
    };
    let usdt = "USDT/TRC20".parse().unwrap();
    let pairs = [Side::Buy, Side::Sell].map(|side| AskedPair { pair: usdt, side });
    let asks = Asked {
        pairs: pairs.into(),
        by: "carol".into(),
        at: NOW,
    };
    // Listed before anybody has declared anything.
    let listed_only = Said {
        has: None,
        asks: Some(asks),
    };
    let has = Declared {
        profile: Profile {
            ios: true,
            ..Profile::default()
        },
        by: "ann".into(),
        at: NOW.plus_seconds(1),
    };
    let whole = Said {
        has: Some(has),
        ..listed_only.clone()
    };
    let signed = signature.clone();
    let saids = [Said::default(), listed_only.clone(), whole.clone()];
    let (listed, ended, read) = write!(db, [signature, listed_only, whole], |tx| {
        tx.signature_put(id, &signature).await?;
        let listed = tx.signature_list(id).await?;
        let ended = (
            tx.signature_end(id, "ACC-3").await?,
            tx.signature_end(id, "ACC-3").await?,
        );
        let nothing = tx.said_load(id).await?;
        tx.said_put(id, &listed_only).await?;
        let listed_first = tx.said_load(id).await?;
        tx.said_put(id, &whole).await?;
        let read = [nothing, listed_first, tx.said_load(id).await?];
        (listed, ended, read)
    });
    assert_eq!(listed, [signed]);
    assert_eq!(ended, (true, false));
    assert_eq!(read, saids);
}

/// Searches that find the order, and some that do not.
fn searches(
    all: &OrderSearch,
    partner: &Partner,
    order: &Order,
) -> (Vec<OrderSearch>, Vec<OrderSearch>) {
    let (partner_id, pending) = (Some(partner.id), Some(PublicStatus::Pending));
    let user = Some("u".to_owned());
    let fitting = vec![
        all.clone(),
        OrderSearch {
            partner: partner_id,
            ..all.clone()
        },
        OrderSearch {
            status: pending,
            ..all.clone()
        },
        OrderSearch {
            partner: partner_id,
            status: pending,
            ..all.clone()
        },
        OrderSearch {
            text: user.clone(),
            ..all.clone()
        },
        OrderSearch {
            text: user,
            partner: partner_id,
            status: pending,
            ..all.clone()
        },
    ];
    let others = vec![
        OrderSearch {
            side: Some(Side::Sell),
            ..all.clone()
        },
        OrderSearch {
            partner: Some(PartnerId::from_uuid(Uuid::nil())),
            ..all.clone()
        },
        OrderSearch {
            status: Some(PublicStatus::Failed),
            ..all.clone()
        },
        OrderSearch {
            ids: OrderSearch::whole(order.id),
            ..all.clone()
        },
        OrderSearch {
            environment: Environment::Live,
            ..all.clone()
        },
        OrderSearch {
            text: Some("v".to_owned()),
            ..all.clone()
        },
        OrderSearch {
            text: Some("v@example.com".to_owned()),
            ..all.clone()
        },
    ];
    (fitting, others)
}

async fn search(db: &Db, partner: &Partner, order: &Order) {
    let all = OrderSearch {
        environment: TEST,
        partner: None,
        status: None,
        side: Some(Side::Buy),
        text: None,
        ids: (Uuid::nil(), Uuid::max()),
        limit: 10,
    };
    let (fitting, others) = searches(&all, partner, order);
    for (searches, count) in [(fitting, 1), (others, 0)] {
        for search in searches {
            let shown = format!("{search:?}");
            let found = write!(db, [search], |tx| { tx.order_search(&search).await? });
            assert_eq!(found.len(), count, "{shown}");
            for one in found {
                assert_eq!(
                    (one.order.id, one.partner_name.as_str()),
                    (order.id, partner.name.as_str())
                );
            }
        }
    }
}

async fn counted(db: &Db, partner: &Partner) {
    let id = partner.id;
    let (counted, since, foreign, unwell) = write!(db, |tx| {
        for partner in [None, Some(id)] {
            let done = tx.order_completed(TEST, NOW.plus_seconds(-3_600), partner, 10);
            assert!(done.await?.is_empty(), "it is pending");
        }
        let stranger = Some(PartnerId::from_uuid(Uuid::nil()));
        (
            tx.order_count(TEST, NOW.plus_seconds(-3_600), Some(id))
                .await?,
            tx.order_since(TEST, NOW.plus_seconds(-3_600), None, 10)
                .await?,
            tx.order_count(TEST, NOW.plus_seconds(-3_600), stranger)
                .await?,
            tx.endpoint_unwell().await?,
        )
    });
    assert_eq!(counted, [("pending".to_owned(), 1)]);
    assert_eq!((since.len(), foreign.len()), (1, 0));
    assert!(unwell <= 1, "one endpoint at most is not well");
}

async fn wallets(db: &Db, partner: &Partner) {
    let id = partner.id;
    let (listed, live) = write!(db, |tx| {
        (
            tx.wallet_list(id, TEST).await?,
            tx.wallet_list(id, Environment::Live).await?,
        )
    });
    assert_eq!((listed.len(), live.len()), (1, 0));
    let (asset, address) = listed[0].clone();
    let origin = Origin::parse("https://gone.example").unwrap();
    let (first, twice, none) = write!(db, [asset, address, origin], |tx| {
        tx.origin_insert(id, Environment::Live, &origin).await?;
        let first = tx.origin_delete(id, Environment::Live, &origin).await?;
        let twice = tx.origin_delete(id, Environment::Live, &origin).await?;
        tx.wallet_delete(id, TEST, asset).await?;
        let none = tx.wallet_list(id, TEST).await?;
        tx.wallet_insert(id, TEST, (asset, &address), NOW).await?;
        (first, twice, none.len())
    });
    assert_eq!((first, twice, none), (true, false, 0));
}

async fn live(db: &Db, partner: &Partner, order: &Order) {
    let (id, watched, opening) = (
        partner.id,
        order.id,
        Opening {
            by: "ann".into(),
            at: NOW,
            override_reason: None,
        },
    );
    let later = NOW.plus_seconds(20);
    let (kept, latest, stage, moving) = write!(db, [opening], |tx| {
        let mut opening = opening;
        assert_eq!(tx.opening_load(id).await?, None);
        tx.opening_put(id, &opening).await?;
        opening.override_reason = Some("they are known".into());
        tx.opening_put(id, &opening).await?;
        assert_eq!(tx.watch_latest(watched).await?, None);
        tx.watch_put(watched, "ann", NOW).await?;
        tx.watch_put(watched, "ben", NOW).await?;
        tx.watch_put(watched, "ann", later).await?;
        tx.partner_stage_save(id, Stage::LiveWatched).await?;
        let stage = tx.partner_load(id).await?.unwrap().stage;
        tx.partner_stage_save(id, Stage::Sandbox).await?;
        (
            tx.opening_load(id).await?,
            tx.watch_latest(watched).await?,
            stage,
            tx.order_moving(id, Environment::Live, watched).await?,
        )
    });
    let kept = kept.unwrap();
    assert_eq!(
        (kept.by.as_str(), kept.override_reason.as_deref()),
        ("ann", Some("they are known"))
    );
    assert_eq!(latest, Some(("ann".to_owned(), later)));
    assert_eq!((stage, moving), (Stage::LiveWatched, 0));
}

async fn looks(db: &Db, partner: &Partner) {
    let id = partner.id;
    let look = Look {
        accent: Some("#1f5eff".parse().unwrap()),
        radius: Some(12),
        ..Look::default()
    };
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0....\0\0\0\x01IDAT.....\0\0\0\0IEND....";
    let logo = Logo::parse(png).unwrap();
    let kept = logo.clone();
    let (ours, chosen, bare, picture) = write!(db, [logo], |tx| {
        let ours = tx.look_load(id).await?;
        tx.look_put(id, &Look::default(), NOW).await?;
        tx.look_put(id, &look, NOW).await?;
        let bare = tx.logo_load(id).await?;
        tx.logo_put(id, Some(&logo)).await?;
        (ours, tx.look_load(id).await?, bare, tx.logo_load(id).await?)
    });
    assert_eq!((ours, chosen), (Look::default(), look));
    assert_eq!((bare, picture), (None, Some(kept.bytes().to_vec())));
}
