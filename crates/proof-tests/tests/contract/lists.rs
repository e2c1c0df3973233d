//! Lists that have become long: read page by page to their end, and searched as a whole.

use crate::kit::App;
use crate::ledger::written;
use crate::on_both_engines;
use crate::people::Person;
use proof_core::member::Role;
use serde_json::{Value, json};
use std::collections::BTreeSet;

on_both_engines!(
    a_long_risk_list_is_searched_to_its_first_line,
    the_whole_audit_is_searched,
    partners_and_people_come_page_by_page,
);

/// Every row of a list, each once.
async fn walked(person: &Person<'_>, path: &str, key: &str) -> Vec<Value> {
    let (mut rows, mut keys) = (Vec::<Value>::new(), BTreeSet::new());
    let mut after = String::new();
    loop {
        let page = person.get(&format!("{path}&after={after}")).await;
        assert_eq!(page.status, 200, "{}", page.text);
        for row in page.json["data"].as_array().unwrap() {
            assert!(keys.insert(row[key].to_string()), "twice: {row}");
            rows.push(row.clone());
        }
        let Some(next) = page.json["next_cursor"].as_str() else {
            return rows;
        };
        after = next.to_owned();
    }
}

async fn rows(person: &Person<'_>, path: &str) -> Vec<Value> {
    let page = person.get(path).await;
    assert_eq!(page.status, 200, "{}", page.text);
    page.json["data"].as_array().unwrap().clone()
}

async fn listed(person: &Person<'_>, value: &str, is_listed: bool) {
    let word =
        json!({ "kind": "card", "value": value, "is_listed": is_listed, "reason": "stolen" });
    let said = person.act("listings", word).await;
    assert_eq!(said.status, 201, "{}", said.text);
}

async fn a_long_risk_list_is_searched_to_its_first_line(app: &App) {
    let ann = Person::join(app, "ann", Role::Operator).await;
    listed(&ann, "first-card", true).await;
    let many = "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 505) \
                INSERT INTO listings (line, kind, value, state, reason, said_by, created_at) \
                SELECT i, kind, 'card-' || i, state, reason, said_by, created_at FROM n, listings WHERE line = 1";
    assert_eq!(written(app, many).await, 504);
    assert_eq!(walked(&ann, "listings?limit=100", "line").await.len(), 505);
    let first = rows(&ann, "listings?query=FIRST-card").await;
    assert_eq!((first.len(), &first[0]["line"]), (1, &json!(1)));
    assert_eq!(first[0]["is_latest"], true);
    assert_eq!(
        rows(&ann, "listings?query=first-card&kind=person").await,
        [] as [Value; 0]
    );
    // Taken off, it is a line of its own, and the first is no longer the last word.
    listed(&ann, "first-card", false).await;
    let both = rows(&ann, "listings?query=first-card").await;
    let told = both
        .iter()
        .map(|row| (row["line"].clone(), row["is_latest"].clone()));
    assert_eq!(
        told.collect::<Vec<_>>(),
        [(json!(506), json!(true)), (json!(1), json!(false))]
    );
    assert_eq!(rows(&ann, "listings?listed=no").await.len(), 1);
    for (wrong, field) in [
        ("kind=name", "kind"),
        ("listed=1", "listed"),
        ("after=x", "after"),
    ] {
        let refused = ann.get(&format!("listings?{wrong}")).await;
        assert_eq!(
            (refused.status, &refused.json["field"]),
            (400, &json!(field))
        );
    }
}

async fn the_whole_audit_is_searched(app: &App) {
    let ann = Person::join(app, "ann", Role::Owner).await;
    let ben = Person::join(app, "ben", Role::Operator).await;
    listed(&ann, "a-card", true).await;
    for _ in 0..2 {
        listed(&ben, "b_card", true).await;
        listed(&ben, "b_card", false).await;
    }
    let count = async |query: &str| walked(&ann, &format!("audit?limit=1&{query}"), "number").await;
    assert_eq!(count("act=listing.say").await.len(), 5);
    assert_eq!(count("act=listing.say&by=ben").await.len(), 4);
    assert_eq!(count("query=B_CARD").await.len(), 4);
    assert_eq!(count("query=_card").await.len(), 4, "a sign is itself");
    assert_eq!(count("query=card&by=ann").await.len(), 1);
    assert_eq!(count("query=nobody").await.len(), 0);
    let all = count("").await;
    assert!(all.len() > 5);

    let names = ann.get("audit/names").await.json;
    let has = |list: &str, name: &str| names[list].as_array().unwrap().contains(&json!(name));
    assert!(has("by", "ann") && has("by", "ben") && has("acts", "listing.say"));
    // The first entry has an address, however many came after it.
    let first = ann.get("audit/1").await;
    assert_eq!((first.status, &first.json), (200, all.last().unwrap()));
    for unknown in ["audit/999999", "audit/0", "audit/x"] {
        assert_eq!(ann.get(unknown).await.status, 404, "{unknown}");
    }
}

async fn partners_and_people_come_page_by_page(app: &App) {
    let ann = Person::join(app, "ann", Role::Owner).await;
    let dora = Person::join(app, "dora", Role::PartnerAdmin).await;
    Person::join(app, "ben", Role::Operator).await;
    let names = rows(&ann, "partners/names").await;
    let walk = walked(&ann, "partners?limit=1", "id").await;
    let pairs = |rows: &[Value]| -> Vec<(Value, Value)> {
        let pair = |row: &Value| (row["id"].clone(), row["name"].clone());
        rows.iter().map(pair).collect()
    };
    assert!(walk.len() > 1);
    assert_eq!(pairs(&walk), pairs(&names));
    let shop = &app.shop.partner;
    let query = shop.name.to_uppercase().replace(' ', "+");
    let found = rows(&ann, &format!("partners?query={query}")).await;
    assert!(pairs(&found).contains(&(json!(shop.id.to_string()), json!(shop.name))));
    assert_eq!(rows(&ann, "partners?query=%25").await, [] as [Value; 0]);
    for path in ["partners?limit=1", "partners/names"] {
        let own = rows(&dora, path).await;
        assert_eq!(
            pairs(&own),
            [(json!(shop.id.to_string()), json!(shop.name))]
        );
    }

    let people = walked(&ann, "members?limit=1", "id").await;
    let called: Vec<&Value> = people.iter().map(|row| &row["name"]).collect();
    assert_eq!(called, ["ann", "ben", "dora"]);
    let found = rows(&ann, "members?query=OR").await;
    assert_eq!((found.len(), &found[0]["name"]), (1, &json!("dora")));
    assert_eq!(rows(&dora, "members?limit=1").await.len(), 1);
}
