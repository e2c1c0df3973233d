//! Names on sanctions lists: people look, and nobody else hears why.

use crate::buyer::Buyer;
use crate::kit::App;
use crate::on_both_engines;
use crate::persons::{at, check_of, code, kyc, people, persons, rule};
use proof_core::identity::CONSENT_TEXT;
use proof_engine::{ListFile, Lists, SCORE_MIN};
use proof_server::sanctions::SanctionsConfig;
use serde_json::json;
use std::fs;

on_both_engines!(
    a_listed_name_goes_to_two_people_who_see_why,
    lists_are_read_again_and_the_former_ones_hold_until_then,
    whoever_is_known_stays_so_while_people_look,
    newer_lists_are_looked_at_before_anybody_is_approved,
    a_document_that_has_ended_is_no_way_in_elsewhere,
);

const HEAD: &str = "id,schema,name,aliases,birth_date,dataset\n";

fn load(app: &App, rows: &str) {
    let file = ListFile {
        name: "targets.simple.csv".to_owned(),
        bytes: format!("{HEAD}{rows}").into_bytes(),
    };
    let lists = Lists::read(&[file], SCORE_MIN).unwrap();
    app.app.engine.sanctions().load(lists);
}

async fn a_listed_name_goes_to_two_people_who_see_why(app: &App) {
    load(app, "Q7,Person,\"Sandbox, Iwan\",Ivan Sandbox,,UN SC\n");
    let (ann, bob) = people(app).await;
    let ada = Buyer::open(app, "ada", "ada@example.com").await;
    ada.identify().await;
    ada.until_step("quote").await;

    let ivan = Buyer::open(app, "ivan", "ivan@example.com").await;
    ivan.identify().await;
    let check = check_of(app, &ivan, &ann).await;
    assert_eq!(check["why"], "the name is like one on a sanctions list");
    let listed = json!([{
        "name": "Sandbox, Iwan",
        "spelling": "Ivan Sandbox",
        "lists": "UN SC",
        "id": "Q7",
        "percent": 100,
        "why": "IVAN is the same; SANDBOX is the same; date of birth not known",
    }]);
    assert_eq!(check["listed"], listed);
    let view = ivan.until_step("review").await;
    assert!(!view.to_string().contains("list"), "{view}");
    assert_eq!(kyc(app, &app.shop, "ivan").await, "pending");
    let told = app.get("/widget/events?limit=100").await.text;
    assert!(told.contains(&ivan.id), "{told}");
    assert!(!told.contains("sanction") && !told.contains("Q7"), "{told}");
    // The provider approves him all the while.
    app.clock.skip(180);
    assert_eq!(ivan.view().await["step"], "review");
    let him = json!({ "act": "approve", "document_country": "DE", "reason": "born elsewhere" });
    rule(&check, [&ann, &bob], him).await;
    ivan.until_step("quote").await;

    // Whom two people have looked at is not looked at again, until somebody else is listed.
    let again = Buyer::open(app, "ivan-2", "ivan+kyc-same-as-ivan@example.com").await;
    again.identify().await;
    again.until_step("quote").await;
    load(app, "Q8,Person,Ivan Sandbox,,,EU FSF\n");
    let third = Buyer::open(app, "ivan-3", "ivan+kyc-same-as-ivan@example.com").await;
    third.identify().await;
    let check = check_of(app, &third, &ann).await;
    assert_eq!(check["listed"][0]["id"], "Q8");
}

async fn lists_are_read_again_and_the_former_ones_hold_until_then(app: &App) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("targets.simple.csv");
    let config = SanctionsConfig::of(std::slice::from_ref(&path)).unwrap();
    let engine = &app.app.engine;
    assert!(config.clone().open(engine).is_err(), "no file, no server");
    fs::write(&path, format!("{HEAD}Q1,Person,Ada Sandbox,,,UN SC\n")).unwrap();
    let mut watch = config.open(engine).unwrap();
    let first = engine.sanctions().lists().unwrap().version.clone();
    watch.look(engine).await.unwrap();
    assert_eq!(engine.sanctions().lists().unwrap().version, first);

    fs::write(&path, "<html>Try again later</html>\n").unwrap();
    watch.look_and_tell(engine).await;
    assert_eq!(engine.sanctions().lists().unwrap().version, first);
    let alert = crate::health::alert(app, "sanctions_old", "sanctions lists").await;
    let headline = alert.unwrap()["headline"].to_string();
    assert!(
        headline.contains("is not a list that we know"),
        "{headline}"
    );

    fs::write(
        &path,
        format!("{HEAD}Q1,Person,Ada Sandbox,,,UN SC\nQ2,Person,Eve Sandbox,,,UN SC\n"),
    )
    .unwrap();
    watch.look_and_tell(engine).await;
    assert_eq!(engine.sanctions().lists().unwrap().persons(), 2);
    let alert = crate::health::alert(app, "sanctions_old", "sanctions lists").await;
    assert_eq!(alert, None);
}

async fn whoever_is_known_stays_so_while_people_look(app: &App) {
    let (ann, bob) = people(app).await;
    let ada = Buyer::open(app, "ada", "ada@example.com").await;
    ada.identify().await;
    ada.until_step("quote").await;
    let email = "ada+kyc-same-as-ada+kyc-review@example.com";
    let again = Buyer::open(app, "ada-2", email).await;
    again.identify().await;
    let check = check_of(app, &again, &ann).await;
    let alike = &check["resembles"][0];
    assert_eq!(
        (&alike["order"], &alike["face"]),
        (&json!(ada.id), &json!(true))
    );
    let her = json!({ "act": "approve", "document_country": "DE", "reason": "her" });
    rule(&check, [&ann, &bob], her).await;
    again.until_step("quote").await;
    assert_eq!(persons(app).await, 1, "it is ada twice");
}

async fn newer_lists_are_looked_at_before_anybody_is_approved(app: &App) {
    load(app, "Q7,Person,Ivan Sandbox,,,UN SC\n");
    let (ann, bob) = people(app).await;
    let ivan = Buyer::open(app, "ivan", "ivan@example.com").await;
    ivan.identify().await;
    let check = check_of(app, &ivan, &ann).await;
    load(app, "Q8,Person,Ivan Sandbox,,,EU FSF\n");
    let path = format!("identity/{}/rule", check["id"].as_str().unwrap());
    let him = json!({ "act": "approve", "document_country": "DE", "reason": "born elsewhere" });
    let early = ann.act(&path, him.clone()).await;
    assert_eq!(early.refusal().2, "wrong_state", "{}", early.text);
    let check = check_of(app, &ivan, &ann).await;
    assert_eq!(check["listed"][0]["id"], "Q8");
    rule(&check, [&ann, &bob], him).await;
    ivan.until_step("quote").await;
}

async fn a_document_that_has_ended_is_no_way_in_elsewhere(app: &App) {
    let elsewhere = app.partner("Elsewhere", None).await;
    let email = "old+kyc-ends-30@example.com";
    let first = Buyer::open(app, "old", email).await;
    first.identify().await;
    first.until_step("quote").await;
    app.clock.skip(31 * 24 * 3_600);
    let there = at(app, &elsewhere, "o-1", email).await;
    assert_eq!(there.post("identity/known", json!({})).await.status, 200);
    let code = code(app, email).await;
    let entered = json!({ "code": code, "consent": CONSENT_TEXT });
    assert_eq!(there.post("identity/known/code", entered).await.status, 200);
    there.film().await;
    assert_eq!(there.post("identity/submit", json!({})).await.status, 200);
    let look = || async {
        let view = there.view().await;
        view["identity"]["reason"].is_string().then_some(view)
    };
    let view = app.until("it is decided", look).await;
    assert_eq!(view["identity"]["reason"], "document_expired");
    assert_eq!(view["step"], "identity");
}
