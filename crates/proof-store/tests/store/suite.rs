//! What the store promises, shown on both engines, and with it every statement run at least once.

use crate::kit::{Counting, Done, NOW, both, engine_name, write};
use crate::{contract, finding, stray};
use proof_core::{
    Address, Asset, Fiat, Network, Timestamp,
    case::{Case, CaseKind, CaseState},
    claim::{Claim, ClaimKind, ClaimState},
    deposit::{Deposit, DepositKey},
    handover::Handover,
    id::{
        CaseId, CustomerId, DepositId, EndpointId, EntryId, EventId, IntentId, JobId, MailId,
        OrderId, PartnerId, PersonId, VerificationId, uuid_v7,
    },
    identity::{
        Beginning, CONSENT_TEXT, Challenge, Consent, DocumentKind, Verification, VerificationState,
    },
    language::Language,
    ledger::{Account, Entry, Posting, Unit, fund, reserve},
    mail::Letter,
    money::{Amount, Bps, Money},
    order::{Order, OrderRequest},
    partner::{
        Environment, Origin, Pair, Partner, PartnerType, Policy, ReturnLink, SellPolicy, Side,
        Stage, WidgetConfig,
    },
    quote::FeePolicy,
    screening::ListedKind,
    secret::Secret,
    session::{INIT_TOKEN_SECONDS, Parameters, ParametersRequest},
    statement::{Day, Holdings, hold},
    token::{ClientToken, TokenHash},
    transfer::Coin,
};
use proof_store::{
    AddressOwner, Balance, Db, EndpointNew, Engine, Failure, HousePosting, IdempotencyKey,
    IdempotencyRow, JobKind, LedgerError, ListSearch, ListWord, MailState, Next, Pool, Scan,
    SessionRow, StoreError, Trouble, Tx, executed, registered,
};
use sqlx::AssertSqlSafe;
use std::collections::BTreeSet;
use uuid::Uuid;

fn usdt() -> Asset {
    Asset::find("USDT", Network::Trc20).unwrap()
}

fn address() -> Address {
    Address::parse(Network::Trc20, "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t").unwrap()
}

fn amount(text: &str) -> Amount {
    Amount::parse(usdt(), text).unwrap()
}

fn partner(entropy: &Counting) -> Partner {
    Partner {
        id: PartnerId::new(NOW, entropy),
        name: format!("Partner {}", uuid_v7(NOW, entropy)),
        kind: PartnerType::Treasury,
        stage: Stage::Sandbox,
        widget_id: uuid_v7(NOW, entropy),
        contact_email: "ops@example.com".into(),
        policy: Policy {
            version: 1,
            pairs: vec![Pair {
                asset: usdt(),
                min: amount("1"),
                max: amount("1000"),
                buys: true,
                sells: true,
                fees: None,
            }],
            fiats: vec![Fiat::Eur],
            fees: FeePolicy {
                spread: Bps::ZERO,
                processing: Bps::ZERO,
                processing_fixed_minor: 7,
                partner: Bps::ZERO,
            },
            sell: SellPolicy::default(),
            risk: proof_core::risk::RiskPolicy::default(),
            widget: WidgetConfig::default(),
        },
        signature_key: Secret::new("k"),
    }
}

/// A partner with a customer and an order.
async fn order(db: &Db, entropy: &Counting) -> (Partner, Order) {
    let partner = partner(entropy);
    let fresh = CustomerId::new(NOW, entropy);
    let id = OrderId::new(NOW, entropy);
    let event = EventId::new(NOW, entropy);
    let made = partner.clone();
    let order = write!(db, [made], |tx| {
        let partner = made;
        assert!(tx.partner_insert(&partner, NOW).await?);
        let scope = (partner.id, Environment::Test);
        let customer = tx
            .customer_upsert(fresh, scope, ("u", "u@example.com"), NOW)
            .await?;
        let request = OrderRequest {
            id,
            environment: Environment::Test,
            partner: partner.id,
            customer: customer.id,
            side: Side::Buy,
            amount: amount("100"),
            destination: address(),
            fiat: Fiat::Eur,
            email: "u@example.com".into(),
            provider: "sandbox".into(),
            refund_hint: None,
        };
        let (order, created) = Order::create(request, NOW);
        tx.order_insert(&order).await?;
        tx.event_insert(event, &order, &created).await?;
        order
    });
    (partner, order)
}

#[tokio::test]
async fn every_registered_statement_runs() {
    for fresh in both().await {
        let (db, entropy) = (&fresh.db, Counting::default());
        installation(db, &entropy).await;
        let (partner, order) = order(db, &entropy).await;
        crate::operations::rows(db, &entropy, &order).await;
        partner_rows(db, &entropy, &partner).await;
        customer_rows(db, &entropy, &partner, &order).await;
        session_rows(db, &partner, &order).await;
        order_rows(db, &partner, &order).await;
        contract::rows(db, &entropy, &partner, &order).await;
        crate::console::rows(db, &entropy, &partner, &order).await;
        ledger_rows(db, &entropy, &order).await;
        job_rows(db, &entropy).await;
        trouble_rows(db, &entropy).await;
        idempotency_rows(db, &partner).await;
        chain_rows(db, &entropy).await;
        deposit_rows(db, &entropy, &order).await;
        stray::rows(db, &entropy).await;
        crate::sweep::rows(db, &entropy, order.id).await;
        crate::cold::rows(db).await;
        crate::catalogue::rows(db).await;
        crate::proof::rows(db, &entropy, &order).await;
        crate::proving::rows(db, &entropy).await;
        crate::card::rows(db, &entropy, &order).await;
        mail_rows(db, &entropy, &order).await;
        finding::rows(db, &entropy, &partner, &order).await;
        finding::risk(db, &order).await;
        crate::recovery::rows(db, &entropy, &order).await;
    }
    let names: BTreeSet<&str> = registered().iter().map(|s| s.name).collect();
    assert_eq!(
        executed(),
        names,
        "registered statements and executed ones differ"
    );
}

/// More than one page of them: nobody is forgotten, nobody is met twice.
#[tokio::test]
async fn all_partners_are_read_however_many() {
    for fresh in both().await {
        let (db, entropy) = (&fresh.db, Counting::default());
        let (first, _) = order(db, &entropy).await;
        let many = |id: &str| {
            AssertSqlSafe(format!(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1100) \
                 INSERT INTO partners (id, name, kind, stage, widget_id, contact_email, signature_key, policy, created_at) \
                 SELECT {id}, name || i, kind, stage, {id}, contact_email, signature_key, policy, created_at FROM n, partners"
            ))
        };
        let made = match db.engine() {
            Engine::Sqlite { writer, .. } => {
                let done = sqlx::query(many("randomblob(16)")).execute(writer).await;
                done.unwrap().rows_affected()
            }
            Engine::Postgres(pool) => {
                let done = sqlx::query(many("gen_random_uuid()")).execute(pool).await;
                done.unwrap().rows_affected()
            }
        };
        let all = write!(db, |tx| { tx.partner_all().await? });
        let ids: BTreeSet<PartnerId> = all.iter().map(|one| one.id).collect();
        assert_eq!((made, all.len(), ids.len()), (1_100, 1_101, 1_101));
        assert!(ids.contains(&first.id));
    }
}

async fn installation(db: &Db, entropy: &Counting) {
    let id = uuid_v7(NOW, entropy);
    let loaded = write!(db, |tx| {
        tx.installation_insert(id, &Secret::new("s"), NOW).await?;
        tx.installation_load().await?
    });
    assert_eq!(loaded.map(|i| (i.id, i.epoch)), Some((id, 1)));
    let raise = |at: Timestamp| async move {
        write!(db, |tx| {
            tx.installation_epoch_raise(at).await?;
            tx.installation_load().await?.map(|i| i.epoch)
        })
    };
    assert_eq!(raise(NOW).await, Some(NOW.micros()));
    // A clock that went back still gives another life.
    assert_eq!(raise(NOW).await, Some(NOW.micros() + 1));
}

async fn partner_rows(db: &Db, entropy: &Counting, partner: &Partner) {
    let token = ClientToken::generate(Environment::Test, entropy);
    let origin = Origin::parse("https://shop.example").unwrap();
    let endpoint = EndpointId::new(NOW, entropy);
    let p = partner.clone();
    let (loaded, by_widget, listed, row, origins, known, wallet) =
        write!(db, [token, origin, p], |tx| {
            let (test, secret) = (Environment::Test, Secret::new("whsec_eA=="));
            tx.token_insert(p.id, &token, NOW).await?;
            tx.origin_insert(p.id, test, &origin).await?;
            tx.origin_insert(p.id, test, &origin).await?;
            let app = ReturnLink::parse("shopapp://return").unwrap();
            tx.return_insert(p.id, test, &app).await?;
            tx.return_insert(p.id, test, &app).await?;
            assert_eq!(tx.return_list(p.id, test).await?.first(), Some(&app));
            assert_eq!(tx.return_list(p.id, Environment::Live).await?, []);
            assert!(!tx.return_delete(p.id, Environment::Live, &app).await?);
            assert!(tx.return_delete(p.id, test, &app).await?);
            tx.wallet_insert(p.id, test, (usdt(), &address()), NOW)
                .await?;
            for url in ["https://a.example", "https://b.example"] {
                let put = EndpointNew {
                    id: endpoint,
                    partner: p.id,
                    environment: test,
                    url,
                    secret: &secret,
                };
                tx.endpoint_put(put, NOW).await?;
            }
            assert!(tx.partner_lock(p.id).await?.is_some());
            tx.partner_policy_save(p.id, &p.policy).await?;
            let about = (p.name.as_str(), p.kind, p.contact_email.as_str());
            assert!(tx.partner_about_save(p.id, about).await?);
            assert!(!tx.order_any_open(p.id, Environment::Live).await?);
            (
                tx.partner_load(p.id).await?,
                tx.partner_by_widget(p.widget_id).await?,
                {
                    let all = tx.partner_all().await?;
                    let none = tx.partner_list(Some("%"), None, 10).await?;
                    let name = p.name.to_uppercase();
                    let found = tx.partner_list(Some(&name), None, 10).await?;
                    let named = tx.partner_names(10).await?;
                    assert!(none.is_empty(), "a sign is itself");
                    assert!(found.len() == 1 && found[0].id == p.id);
                    assert_eq!((named.len(), named[0].id), (1, p.id));
                    all
                },
                tx.token_load(&token).await?,
                tx.origin_list(p.id, None).await?,
                tx.origin_known(&origin).await?,
                tx.wallet_load(p.id, test, usdt()).await?,
            )
        });
    assert_eq!(
        loaded.map(|l| (l.policy, l.name)),
        Some((partner.policy.clone(), partner.name.clone()))
    );
    assert_eq!(by_widget.map(|l| l.id), Some(partner.id));
    assert_eq!(listed.len(), 1);
    assert_eq!(row.map(|row| row.partner), Some(partner.id));
    assert_eq!((origins.len(), known, wallet), (1, true, Some(address())));
}

async fn customer_rows(db: &Db, entropy: &Counting, partner: &Partner, order: &Order) {
    let scope = (partner.id, Environment::Test);
    let (other, person) = (CustomerId::new(NOW, entropy), PersonId::new(NOW, entropy));
    let customer = order.customer;
    let verification = Verification::begun(Beginning {
        id: VerificationId::new(NOW, entropy),
        customer,
        order: order.id,
        document: Some(DocumentKind::Passport),
        known_as: None,
        challenge: Challenge::default(),
        try_number: 1,
        started_at: NOW,
        consent: Consent {
            text: CONSENT_TEXT.to_owned(),
            at: NOW,
        },
    });
    let v = verification.clone();
    let (again, found, latest, saved) = write!(db, [v], |tx| {
        let again = tx
            .customer_upsert(other, scope, ("u", "new@example.com"), NOW)
            .await?;
        tx.verification_insert(&v).await?;
        let latest = tx.verification_latest(customer).await?;
        let approved = Verification {
            state: VerificationState::Approved {
                document_country: None,
            },
            ..v.clone()
        };
        let review = Verification {
            state: VerificationState::Review {
                reason: "manual_check".into(),
            },
            ..v.clone()
        };
        tx.verification_save(&review, 1).await?;
        assert_eq!(tx.verification_reviewed(10).await?, [review]);
        assert!(tx.verification_approved(customer).await?.is_none());
        tx.verification_save(&approved, 2).await?;
        let proved = tx.verification_approved(customer).await?;
        assert_eq!(proved.map(|p| p.verification), Some(approved));
        assert_eq!(tx.verification_reviewed(10).await?, []);
        tx.customer_link(customer, person, NOW).await?;
        tx.customer_confirm(customer, "u@example.com", Some(NOW))
            .await?;
        let found = tx.customer_by_user(scope.0, scope.1, "u").await?;
        let by_id = tx.customer_load(scope.0, customer).await?;
        let told = by_id
            .as_ref()
            .map(|c| (c.confirmed_email.as_deref(), c.email_changed_at));
        assert_eq!(told, Some((Some("u@example.com"), Some(NOW))));
        assert_eq!(
            by_id.map(|c| c.email),
            found.as_ref().map(|c| c.email.clone())
        );
        (again, found, latest, tx.verification_load(v.id).await?)
    });
    assert_eq!(
        (again.id, again.email.as_str()),
        (customer, "new@example.com")
    );
    assert_eq!(found.and_then(|c| c.person), Some(person));
    assert_eq!(
        latest.map(|l| (l.verification, l.version)),
        Some((verification, 1))
    );
    assert_eq!(saved.map(|s| s.version), Some(3));
}

async fn session_rows(db: &Db, partner: &Partner, order: &Order) {
    let parameters = Parameters::new(ParametersRequest {
        merchant_transaction_id: order.id.uuid(),
        widget_id: partner.widget_id,
        address: address().to_string(),
        init_token: String::new(),
        asset: usdt(),
        amount: "100".into(),
        side: Side::Buy,
        redirect_url: None,
        policy: &partner.policy,
    });
    let session = SessionRow {
        order: order.id,
        parameters,
        signature: "v2:00".into(),
        client_ip: Some("203.0.113.7".parse().unwrap()),
        lang: None,
        theme: Some("dark".into()),
        spoken: None,
        expires_at: NOW.plus_seconds(INIT_TOKEN_SECONDS),
    };
    let (init, visit) = (TokenHash::of("init"), TokenHash::of("visit"));
    let (row, id) = (session.clone(), order.id);
    let (by_init, loaded, open, closed) = write!(db, [row], |tx| {
        tx.session_insert(&row, init).await?;
        assert_eq!(tx.session_load(id).await?.unwrap().spoken, None);
        tx.session_spoken(id, Language::De).await?;
        tx.visit_insert(visit, id, NOW, NOW.plus_seconds(10))
            .await?;
        (
            tx.session_by_init(init).await?,
            tx.session_load(id).await?,
            tx.visit_load(visit, NOW).await?,
            tx.visit_load(visit, NOW.plus_seconds(10)).await?,
        )
    });
    let loaded = loaded.unwrap();
    assert_eq!(loaded.spoken, Some(Language::De));
    assert_eq!(by_init.map(|s| s.parameters), Some(session.parameters));
    assert_eq!(
        (loaded.client_ip, loaded.theme),
        (session.client_ip, session.theme)
    );
    assert_eq!((open, closed), (Some(order.id), None));
}

async fn order_rows(db: &Db, partner: &Partner, order: &Order) {
    let (id, scope) = (order.id, partner.id);
    let (loaded, foreign, worked, events) = write!(db, |tx| {
        let locked = tx.order_lock(id).await?.unwrap();
        tx.order_save(&locked.order, locked.version, NOW).await?;
        let stranger = PartnerId::from_uuid(Uuid::nil());
        (
            tx.order_load(scope, Environment::Test, id).await?,
            tx.order_load(stranger, Environment::Test, id).await?,
            tx.order_work(id).await?,
            tx.event_list(id, 0, 10).await?,
        )
    });
    assert_eq!(
        loaded.map(|l| (l.order, l.version)),
        Some((order.clone(), 2))
    );
    assert!(foreign.is_none());
    assert_eq!(worked.map(|w| w.version), Some(2));
    assert_eq!(
        events
            .iter()
            .map(|e| (e.sequence, e.occurred_at))
            .collect::<Vec<_>>(),
        [(1, NOW)]
    );
}

/// An account may be named twice, and lines need not come in twos.
fn in_three(entry: &Entry) -> Entry {
    let [from, to] = entry.postings() else {
        panic!("{entry:?}")
    };
    let part = |amount| Posting {
        amount,
        ..to.clone()
    };
    let lines = vec![from.clone(), part(to.amount - 1), part(1)];
    Entry::new(entry.kind(), lines).unwrap()
}

async fn ledger_rows(db: &Db, entropy: &Counting, order: &Order) {
    let [first, second, third] = [(); 3].map(|()| EntryId::new(NOW, entropy));
    let id = order.id;
    let (nobodys, own) = ((Environment::Test, None), (Environment::Test, Some(id)));
    write!(db, |tx| {
        let (funded, reserved) = (fund(amount("100")).unwrap(), reserve(amount("60")).unwrap());
        tx.ledger_post(first, nobodys, &funded, NOW).await.unwrap();
        tx.ledger_post(second, own, &reserved, NOW).await.unwrap();
        let split = in_three(&fund(amount("3")).unwrap());
        let id = EntryId::from_uuid(uuid::Uuid::from_u128(8));
        tx.ledger_post(id, nobodys, &split, NOW).await.unwrap();
        // Real money is elsewhere, under the same name.
        let real = (Environment::Live, None);
        tx.ledger_post(
            EntryId::from_uuid(uuid::Uuid::from_u128(9)),
            real,
            &funded,
            NOW,
        )
        .await
        .unwrap();
    });
    let over = db
        .write("test", move |tx: &mut Tx| {
            Box::pin(async move {
                let entry = reserve(amount("44")).unwrap();
                match tx.ledger_post(third, own, &entry, NOW).await {
                    Ok(()) => Ok(()),
                    Err(LedgerError::Floor { .. }) => Err(Failure::Refused("floor")),
                    Err(LedgerError::Store(error)) => Err(Failure::Store(error)),
                }
            })
        })
        .await;
    assert!(
        matches!(over, Err(Failure::Refused("floor"))),
        "coins that are not there"
    );
    let (balances, postings) = write!(db, |tx| {
        (tx.ledger_balances().await?, tx.ledger_postings().await?)
    });
    for balance in &balances {
        let sum: i128 = postings
            .iter()
            .filter(|(key, _)| *key == balance.key)
            .map(|(_, a)| a)
            .sum();
        assert_eq!(balance.amount, sum, "{}", balance.key);
    }
    house_rows(db, &balances).await;
    closing_rows(db, &balances).await;
    let nothing = (EntryId::from_uuid(uuid::Uuid::nil()), -1);
    let paged = write!(db, |tx| {
        let first = tx.ledger_page(nothing, 3).await?;
        let after = first.last().map_or(nothing, |last| (last.entry, last.line));
        let rest = tx.ledger_page(after, 100).await?;
        first.into_iter().chain(rest).collect::<Vec<_>>()
    });
    let paged = paged.into_iter().map(|p| (p.account, p.amount));
    assert_eq!(paged.collect::<Vec<_>>(), postings, "page by page the same");
    let wallet = format!("{}:{}", Account::Wallet, Unit::Crypto(usdt()));
    let free = balances.iter().find(|b| b.key == wallet).map(|b| b.amount);
    assert_eq!(
        free,
        Some(43_000_000),
        "the refused entry left nothing behind"
    );
}

/// What the house has of its own in live, and nothing is held for orders.
async fn house_rows(db: &Db, balances: &[Balance]) {
    let (house, held, sums) = write!(db, |tx| {
        let house = tx.ledger_house(Environment::Live).await?;
        let held = tx.ledger_order_page(Environment::Test, "", 10).await?;
        (house, held, tx.ledger_order_sums(Environment::Test).await?)
    });
    let live = balances.iter().filter(|b| b.key.starts_with("live/"));
    assert_eq!(house, live.cloned().collect::<Vec<_>>());
    assert!(!house.is_empty() && held.is_empty() && sums.is_empty());
}

/// The same lines by their time, and what they come to, kept at night.
async fn closing_rows(db: &Db, balances: &[Balance]) {
    let day = Day::of(NOW);
    let (lines, rest) = write!(db, |tx| {
        let first = (day.start(), EntryId::from_uuid(uuid::Uuid::nil()), -1);
        let lines = tx.ledger_since(first, day.end(), 5).await?;
        let last = lines.last().unwrap();
        let after = (last.posted_at, last.entry, last.line);
        let rest = tx.ledger_since(after, day.end(), 100).await?;
        (lines, rest)
    });
    assert_eq!(lines.len(), 5);
    let (mut held, mut own) = (Holdings::new(), Holdings::new());
    for line in lines.iter().chain(&rest) {
        hold(&mut held, &line.account, line.amount).unwrap();
    }
    for balance in balances {
        hold(&mut own, &balance.key, balance.amount).unwrap();
    }
    held.retain(|_, amount| *amount != 0);
    own.retain(|_, amount| *amount != 0);
    assert_eq!(held, own, "nobody but this test has posted anything");
    let of_order = |line: &&HousePosting| line.kind == "reserve";
    let mut reserved = lines.iter().chain(&rest).filter(of_order);
    assert!(reserved.all(|line| line.partner.is_some()));
    let (held, kept) = write!(db, [held], |tx| {
        tx.closing_put(day, &held).await?;
        tx.closing_put(day, &Holdings::new()).await?;
        let none = tx.closing_latest(day.before()).await?;
        assert!(none.is_none());
        (
            held.clone(),
            tx.closing_latest(Day::of(NOW.plus_seconds(90 * 24 * 3_600)))
                .await?,
        )
    });
    assert_eq!(kept, Some((day, held)), "the first word stands");
}

async fn job_rows(db: &Db, entropy: &Counting) {
    let key = uuid_v7(NOW, entropy);
    let (fresh, token) = (JobId::new(NOW, entropy), uuid_v7(NOW, entropy));
    let later = NOW.plus_seconds(60);
    let next = write!(db, |tx| {
        tx.job_upsert(fresh, JobKind::Order, key, NOW).await?;
        tx.job_next(Pool::Orders).await?
    });
    assert_eq!(next, Some(NOW));
    let leases = write!(db, |tx| {
        tx.job_claim(Pool::Orders, token, NOW, later, 10).await?
    });
    let again = write!(db, |tx| {
        tx.job_claim(Pool::Orders, token, NOW, later, 10).await?
    });
    assert_eq!(
        (leases.len(), again.len()),
        (1, 0),
        "a leased job is nobody else's"
    );
    // Asked for anew while somebody works on it: finishing keeps the new wish.
    let lease = leases[0].clone();
    let listed = write!(db, [lease], |tx| {
        tx.job_upsert(fresh, JobKind::Order, key, later).await?;
        tx.job_finish(lease.clone(), None).await?;
        tx.job_list(10).await?
    });
    assert_eq!(listed.len(), 1);
    let lease = write!(db, |tx| {
        tx.job_claim(Pool::Orders, token, later, later, 10).await?
    })
    .remove(0);
    let other = uuid_v7(NOW, entropy);
    let expired = write!(db, |tx| {
        tx.job_claim(Pool::Orders, other, later, later, 10).await?
    });
    assert_eq!(expired.len(), 1, "a lease that ran out is somebody else's");
    let taken = expired[0].clone();
    let left = write!(db, [lease, taken], |tx| {
        tx.job_finish(lease.clone(), failed()).await?;
        tx.job_finish(taken.clone(), None).await?;
        tx.job_upsert(fresh, JobKind::Identity, key, NOW).await?;
        tx.job_delete(JobKind::Identity, key).await?;
        tx.job_list(10).await?
    });
    assert_eq!(left, [], "the first holder's late word counts for nothing");
    let (released, again) = write!(db, |tx| {
        tx.job_upsert(fresh, JobKind::Delivery, key, NOW).await?;
        assert_eq!(tx.job_next(Pool::Orders).await?, None, "another pool's");
        tx.job_claim(Pool::Deliveries, token, NOW, later, 10)
            .await?;
        (
            tx.job_release_all().await?,
            tx.job_claim(Pool::Deliveries, token, NOW, later, 10)
                .await?,
        )
    });
    assert_eq!(
        (released, again.len()),
        (1, 1),
        "after a crash nobody waits for dead holders"
    );
}

fn failed() -> Option<Next> {
    Some(Next {
        at: NOW,
        attempts: 3,
        trouble: Some("the node is away".to_owned()),
    })
}

async fn trouble_rows(db: &Db, entropy: &Counting) {
    let key = uuid_v7(NOW, entropy);
    let (fresh, token) = (JobId::new(NOW, entropy), uuid_v7(NOW, entropy));
    let later = NOW.plus_seconds(60);
    let (before, one, all, others, after) = write!(db, |tx| {
        tx.job_upsert(fresh, JobKind::Order, key, NOW).await?;
        let before = tx.job_trouble(JobKind::Order, key).await?;
        let leases = tx.job_claim(Pool::Orders, token, NOW, later, 10).await?;
        let lease = leases.into_iter().find(|lease| lease.job().key == key);
        tx.job_finish(lease.unwrap(), failed()).await?;
        let one = tx.job_trouble(JobKind::Order, key).await?;
        let all = tx.job_troubles(JobKind::Order, 10).await?;
        let others = tx.job_troubles(JobKind::Case, 10).await?;
        // Something happened to it: what failed was another step.
        tx.job_upsert(fresh, JobKind::Order, key, NOW).await?;
        let after = tx.job_trouble(JobKind::Order, key).await?;
        tx.job_note(JobKind::Order, key, "the limit").await?;
        let noted = tx.job_trouble(JobKind::Order, key).await?;
        assert_eq!(noted.map(|noted| noted.why), Some("the limit".to_owned()));
        tx.job_delete(JobKind::Order, key).await?;
        (before, one, all, others, after)
    });
    let trouble = Trouble {
        key,
        attempts: 3,
        why: "the node is away".to_owned(),
        again_at: NOW,
    };
    assert_eq!((before, after), (None, None));
    assert_eq!(one, Some(trouble.clone()));
    assert_eq!((all, others), (vec![trouble], Vec::new()));
}

async fn idempotency_rows(db: &Db, partner: &Partner) {
    let scope = partner.id;
    let (first, second, kept, purged) = write!(db, |tx| {
        let key = IdempotencyKey {
            partner: scope,
            environment: Environment::Test,
            route: "POST /x",
            key: "k",
        };
        let row = |text: &str| IdempotencyRow {
            body_hash: vec![1],
            response: text.into(),
        };
        let first = tx.idempotency_insert(key, &row("one"), NOW).await?;
        let second = tx.idempotency_insert(key, &row("two"), NOW).await?;
        let kept = tx.idempotency_load(key).await?;
        (
            first,
            second,
            kept,
            tx.idempotency_purge(NOW.plus_seconds(1)).await?,
        )
    });
    assert_eq!((first, second, purged), (true, false, 1));
    assert_eq!(kept.map(|row| row.response), Some("one".into()));
}

async fn mail_rows(db: &Db, entropy: &Counting, order: &Order) {
    let (id, again) = (MailId::new(NOW, entropy), MailId::new(NOW, entropy));
    let (order, token) = (order.id, TokenHash::of("link"));
    let (told, twice, loaded, kept) = write!(db, |tx| {
        let told = tx.mail_insert(id, order, "t", &Letter::Code, NOW).await?;
        let twice = tx
            .mail_insert(again, order, "t", &Letter::Code, NOW)
            .await?;
        tx.mail_save(id, MailState::Sent, 2, NOW).await?;
        let loaded = tx.mail_load(id).await?;
        tx.mail_save(id, MailState::Failed, 3, NOW).await?;
        (told, twice, loaded, tx.mail_load(id).await?)
    });
    assert!(told && !twice, "each thing is told once");
    let loaded = loaded.unwrap();
    assert_eq!((loaded.state, loaded.attempts), (MailState::Sent, 2));
    assert_eq!(kept, Some(loaded), "what has ended stays as it is");
    let (fresh, found, of_code, nobodys) = write!(db, |tx| {
        let until = NOW.plus_seconds(9);
        tx.link_insert(token, order, NOW, until).await?;
        tx.link_insert(token, order, NOW, NOW).await?;
        for (n, text) in ["first", "second", "third"].into_iter().enumerate() {
            let at = NOW.plus_seconds(i64::try_from(n).unwrap_or_default());
            tx.link_insert_wished(TokenHash::of(text), order, at, until)
                .await?;
        }
        // What a letter brought is no wish.
        let wished = tx.link_wished(order, 2).await?;
        assert_eq!(wished, [NOW.plus_seconds(2), NOW.plus_seconds(1)]);
        let fresh = tx.link_lock(token).await?.unwrap();
        let asked = fresh.clone().ask(id, TokenHash::of("code"), NOW).unwrap();
        tx.link_save(token, &asked).await?;
        assert_eq!(tx.link_load(token).await?, Some(asked));
        let of_code = tx.link_by_code(id).await?;
        (
            fresh,
            tx.link_load(token).await?,
            of_code,
            tx.link_by_code(again).await?,
        )
    });
    assert_eq!((fresh.expires_at, fresh.asked), (NOW.plus_seconds(9), 0));
    assert_eq!((found, nobodys), (of_code, None));
    let (link, visit) = (TokenHash::of("link"), TokenHash::of("visit"));
    let waiting = Handover::begin(None, link, NOW).unwrap();
    let open = waiting.open(visit, NOW).unwrap();
    write!(db, |tx| {
        assert_eq!(tx.handover_load(order).await?, None);
        tx.handover_save(order, &waiting).await?;
        assert_eq!(tx.handover_load(order).await?, Some(waiting));
        tx.handover_save(order, &open).await?;
        assert_eq!(tx.handover_by_link(link).await?, Some((order, open)));
        assert_eq!(tx.handover_by_visit(visit).await?, Some((order, open)));
        tx.handover_save(order, &open.end()).await?;
        assert_eq!(tx.handover_by_visit(visit).await?, None);
    });
}

async fn chain_rows(db: &Db, entropy: &Counting) {
    let intents: Vec<IntentId> = (0..3).map(|_| IntentId::new(NOW, entropy)).collect();
    let (a, b, c) = (intents[0], intents[1], intents[2]);
    let nonces = write!(db, |tx| {
        let sender = address();
        let first = tx.nonce_reserve(&sender, 5, a).await?;
        let same = tx.nonce_reserve(&sender, 5, a).await?;
        let second = tx.nonce_reserve(&sender, 5, b).await?;
        tx.intent_release(a).await?;
        [first, same, second, tx.nonce_reserve(&sender, 5, c).await?]
    });
    assert_eq!(
        nonces,
        [5, 5, 6, 5],
        "a number that was given back is used first"
    );
    let (taken, again, listed) = write!(db, |tx| {
        let coin = Coin {
            hash: "h".into(),
            index: 1,
            base: 7,
        };
        let taken = tx
            .coins_reserve("BITCOIN", std::slice::from_ref(&coin), a)
            .await?;
        let again = tx.coins_reserve("BITCOIN", &[coin], b).await?;
        (taken, again, tx.coin_list("BITCOIN").await?)
    });
    assert!(taken.is_ok() && again.is_err());
    assert_eq!(listed, [("h".to_owned(), 1)]);
}

async fn deposit_rows(db: &Db, entropy: &Counting, order: &Order) {
    let (id, test) = (order.id, Environment::Test);
    let deposit = Deposit {
        key: DepositKey {
            hash: "d1".to_owned(),
            index: 0,
        },
        amount: amount("7"),
        seen_at: NOW,
        senders: vec![address()],
    };
    let (first, second) = (DepositId::new(NOW, entropy), DepositId::new(NOW, entropy));
    let scans = write!(db, [deposit], |tx| {
        let network = Network::Trc20;
        tx.deposit_address_insert(test, &address(), id, NOW).await?;
        let owner = tx.deposit_address_find(test, address().as_str()).await?;
        assert_eq!(owner, Some(AddressOwner { order: id, network }));
        assert!(!tx.deposit_is_known(test, &deposit).await?);
        let inserted = tx.deposit_insert(first, test, id, &deposit, NOW).await?;
        let again = tx.deposit_insert(second, test, id, &deposit, NOW).await?;
        assert!(inserted && !again, "a deposit is found once");
        assert!(tx.deposit_is_known(test, &deposit).await?);
        let known = tx.deposit_of_order(id, network, 9).await?;
        assert_eq!(known.as_slice(), std::slice::from_ref(&deposit.key));
        let elsewhere = tx.deposit_of_order(id, Network::Bitcoin, 9).await?;
        assert!(elsewhere.is_empty());
        tx.scan_open(test, network, 5).await?;
        tx.scan_open(test, network, 9).await?;
        let opened = tx.scan_load(test, network).await?;
        let (height, heard_at) = (7, NOW);
        let scan = Scan { height, heard_at };
        assert!(tx.scan_save(test, network, 5, scan).await?);
        assert!(
            !tx.scan_save(test, network, 5, scan).await?,
            "read from elsewhere"
        );
        (
            opened.map(|scan| scan.height),
            tx.scan_load(test, network).await? == Some(scan),
            {
                tx.deposit_delete(test, network, &deposit.key).await?;
                assert!(!tx.deposit_is_known(test, &deposit).await?);
                tx.scan_rewind(test, network, 5).await?;
                let again = tx.scan_load(test, network).await?;
                assert_eq!(
                    again.map(|scan| (scan.height, scan.heard_at)),
                    Some((2, Timestamp::FIRST))
                );
                tx.scan_rewind(test, network, 5).await?;
                tx.scan_load(test, network).await?.map(|scan| scan.height)
            },
            tx.deposit_address_find(Environment::Live, address().as_str())
                .await?,
        )
    });
    assert_eq!(scans, (Some(5), true, Some(0), None));
    case_rows(db, entropy, order).await;
    claim_rows(db, entropy, order).await;
    listing_rows(db).await;
}

async fn listing_rows(db: &Db) {
    let word = ListWord {
        kind: ListedKind::Card,
        value: "f1".into(),
        is_listed: true,
        reason: "lost".into(),
        said_by: "alice".into(),
    };
    let (versions, found, all) = write!(db, [word], |tx| {
        let mut versions = vec![tx.listing_version().await?];
        let off = ListWord {
            is_listed: false,
            ..word.clone()
        };
        // Twice the same word is one line, and what was never listed cannot be taken off.
        for word in [&off, &word, &word, &off] {
            tx.listing_say(word, NOW).await?;
            versions.push(tx.listing_version().await?);
        }
        let found = tx.listing_find(ListedKind::Card, "f1").await?;
        let search = |text: Option<&str>, is_listed, before| ListSearch {
            text: text.map(str::to_owned),
            kind: Some(ListedKind::Card),
            is_listed,
            before,
            limit: 10,
        };
        let all = search(Some("LOST"), None, i64::MAX);
        let all = tx.listing_search(&all).await?;
        let older = tx.listing_search(&search(None, Some(true), 2)).await?;
        assert_eq!((older.len(), older[0].0.line, older[0].1), (1, 1, false));
        let none = tx
            .listing_search(&search(Some("f2"), None, i64::MAX))
            .await?;
        assert!(none.is_empty());
        (versions, found, all)
    });
    assert_eq!(versions, [0, 0, 1, 1, 2]);
    assert!(!found.unwrap().is_listed);
    let told = all.iter().map(|(line, is_last)| (line.line, *is_last));
    assert_eq!(told.collect::<Vec<_>>(), [(2, true), (1, false)]);
}

async fn claim_rows(db: &Db, entropy: &Counting, order: &Order) {
    let (first, second) = (CaseId::new(NOW, entropy), CaseId::new(NOW, entropy));
    let claim = Claim {
        id: first,
        environment: Environment::Test,
        partner: order.partner,
        order: order.id,
        provider: "sandbox".into(),
        kind: ClaimKind::TakenLate,
        attempt: 1,
        name: "1".into(),
        amount: Money::new(Fiat::Eur, 500),
        opened_at: NOW,
        state: ClaimState::Refunding {
            deadline: NOW,
            refused: false,
        },
    };
    let (id, kept) = (order.id, claim.clone());
    let (listed, saved) = write!(db, [claim], |tx| {
        assert!(tx.claim_insert(&claim).await?);
        let twin = Claim {
            id: second,
            ..claim.clone()
        };
        assert!(!tx.claim_insert(&twin).await?, "one claim about one thing");
        let stored = tx.claim_lock(first).await?.unwrap();
        tx.claim_save(&stored.claim, stored.version, NOW).await?;
        let saved = tx.claim_work(first).await?.unwrap().version;
        assert!(tx.claim_reviewed().await?.is_empty());
        assert!(tx.claim_list("in_review", None, 10).await?.is_empty());
        (tx.claim_of_order(id, 10).await?, saved)
    });
    assert_eq!((listed, saved), (vec![kept], 2));
}

async fn case_rows(db: &Db, entropy: &Counting, order: &Order) {
    let (first, second) = (CaseId::new(NOW, entropy), CaseId::new(NOW, entropy));
    let case = Case {
        id: first,
        environment: Environment::Test,
        partner: order.partner,
        order: order.id,
        kind: CaseKind::Overpaid,
        amount: amount("7"),
        refund: address(),
        deposit: None,
        senders: Vec::new(),
        opened_at: NOW,
        freeze: Default::default(),
        state: CaseState::Executing {
            sending: None,
            attempt: 1,
            deadline: NOW,
        },
    };
    let (id, kept) = (order.id, case.clone());
    let (listed, saved) = write!(db, [case], |tx| {
        assert!(tx.case_insert(&case).await?);
        let twin = Case {
            id: second,
            ..case.clone()
        };
        assert!(!tx.case_insert(&twin).await?, "one case about one thing");
        let stored = tx.case_lock(first).await?.unwrap();
        tx.case_save(&stored.case, stored.version, NOW).await?;
        let saved = tx.case_work(first).await?.unwrap().version;
        assert!(tx.case_reviewed().await?.is_empty());
        assert!(tx.case_list("in_review", None, 10).await?.is_empty());
        assert_eq!(tx.reviewed_count().await?.cases, 0);
        (tx.case_of_order(id, 10).await?, saved)
    });
    assert_eq!((listed, saved), (vec![kept], 2));
}

#[tokio::test]
async fn a_refusal_rolls_back_and_a_stale_version_is_noticed() {
    for fresh in both().await {
        let (db, entropy) = (&fresh.db, Counting::default());
        let (_, order) = order(db, &entropy).await;
        let id = order.id;
        let refused = db
            .write("test", move |tx: &mut Tx| {
                Box::pin(async move {
                    let stored = tx.order_lock(id).await?.unwrap();
                    tx.order_save(&stored.order, stored.version, NOW).await?;
                    Err::<(), _>(Failure::Refused("no"))
                })
            })
            .await;
        assert!(matches!(refused, Err(Failure::Refused("no"))));
        let version = write!(db, |tx| { tx.order_work(id).await?.unwrap().version });
        assert_eq!(version, 1, "on {}", engine_name(db));
        let stale = order.clone();
        let outcome: Result<(), Failure<()>> = db
            .write("test", move |tx: &mut Tx| {
                let order = stale.clone();
                Box::pin(async move { Ok(tx.order_save(&order, 9, NOW).await?) })
            })
            .await;
        assert!(matches!(
            outcome,
            Err(Failure::Store(StoreError::Stale { table: "orders" }))
        ));
    }
}

#[tokio::test]
async fn a_read_keeps_its_picture_while_others_commit() {
    for fresh in both().await {
        let (db, entropy) = (&fresh.db, Counting::default());
        let (_, order) = order(db, &entropy).await;
        let (id, writer) = (order.id, db.clone());
        let versions: Done<(i64, i64)> = db
            .read("test", move |tx: &mut Tx| {
                let writer = writer.clone();
                Box::pin(async move {
                    let before = tx.order_work(id).await?.unwrap().version;
                    write!(writer, |tx| {
                        let stored = tx.order_lock(id).await?.unwrap();
                        tx.order_save(&stored.order, stored.version, NOW).await?;
                    });
                    Ok((before, tx.order_work(id).await?.unwrap().version))
                })
            })
            .await;
        assert_eq!(versions.unwrap(), (1, 1), "on {}", engine_name(db));
        let now = write!(db, |tx| { tx.order_work(id).await?.unwrap().version });
        assert_eq!(now, 2, "on {}", engine_name(db));
    }
}

#[tokio::test]
async fn two_claimers_never_take_the_same_job() {
    const JOBS: u64 = 200;
    for fresh in both().await {
        let (db, entropy) = (fresh.db.clone(), Counting::default());
        for _ in 0..JOBS {
            let (id, key) = (JobId::new(NOW, &entropy), uuid_v7(NOW, &entropy));
            write!(db, |tx| {
                tx.job_upsert(id, JobKind::Order, key, NOW).await?
            });
        }
        let claimer = |token: u128| {
            let db = db.clone();
            async move {
                let mut taken = Vec::new();
                loop {
                    let token = Uuid::from_u128(token);
                    let until = NOW.plus_seconds(60);
                    let leases = write!(db, |tx| {
                        tx.job_claim(Pool::Orders, token, NOW, until, 7).await?
                    });
                    if leases.is_empty() {
                        return taken;
                    }
                    taken.extend(leases.iter().map(|lease| lease.job().key));
                }
            }
        };
        let taken = tokio::join!(claimer(1), claimer(2), claimer(3), claimer(4));
        let mut all = [taken.0, taken.1, taken.2, taken.3].concat();
        all.sort_unstable();
        let count = all.len();
        all.dedup();
        assert_eq!((count, all.len()), (200, 200), "on {}", engine_name(&db));
    }
}

#[tokio::test]
async fn hints_arrive_after_the_commit_in_every_process() {
    for fresh in both().await {
        let (db, entropy) = (fresh.db.clone(), Counting::default());
        let (_, order) = order(&db, &entropy).await;
        let id = order.id;
        let listening = db.listen();
        let work = async {
            let topic = proof_store::Topic::Order(id);
            let follower = db.wakes().follow(vec![id]);
            // The listening connection may not be up at once: ask again until it hears.
            loop {
                write!(db, |tx| { tx.wake(topic) });
                let heard = follower.next();
                let bound = std::time::Duration::from_millis(200);
                if tokio::time::timeout(bound, heard).await.is_ok() {
                    return;
                }
            }
        };
        tokio::select! {
            _ = listening => panic!("the listener ended"),
            () = work => {}
        }
    }
}

#[test]
fn times_keep_their_microseconds() {
    assert_eq!(
        Timestamp::from_micros(NOW.micros()).to_string(),
        "2027-01-15T08:00:00.123456Z"
    );
}
