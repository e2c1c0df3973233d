//! How a partner's widget looks: chosen at the console, worn by the frame.

use crate::kit::{Answer, App};
use crate::on_both_engines;
use crate::people::Person;
use axum::{body::Body, http::Request};
use base64::{Engine, prelude::BASE64_STANDARD};
use proof_core::member::Role;
use serde_json::{Value, json};

on_both_engines!(
    the_frame_wears_what_was_chosen,
    what_is_no_look_is_refused,
    a_look_belongs_to_its_partner,
);

/// The smallest PNG there is, with a remark of whoever made it.
fn png(remark: &[u8]) -> Vec<u8> {
    let chunk = |name: &[u8; 4], data: &[u8]| {
        let length = u32::try_from(data.len()).unwrap().to_be_bytes();
        [&length[..], &name[..], data, &[0; 4]].concat()
    };
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        chunk(b"IHDR", &[0, 0, 0, 1, 0, 0, 0, 1, 8, 6, 0, 0, 0]),
        chunk(b"tEXt", remark),
        chunk(b"IDAT", &[1]),
        chunk(b"IEND", &[]),
    ]
    .concat()
}

fn data_url(bytes: &[u8]) -> String {
    format!("data:image/png;base64,{}", BASE64_STANDARD.encode(bytes))
}

fn path(app: &App) -> String {
    format!("partners/{}/look", app.shop.partner.id)
}

async fn open(app: &App, path: &str) -> Answer {
    app.call(Request::get(path).body(Body::empty()).unwrap())
        .await
}

/// What the page of the frame is told.
async fn worn(app: &App) -> Value {
    let page = open(app, &format!("/frame/{}", app.shop.partner.widget_id)).await;
    let (_, boot) = page.text.split_once(r#"id="proof-boot">"#).unwrap();
    let (boot, _) = boot.split_once("</script>").unwrap();
    serde_json::from_str::<Value>(boot).unwrap()["look"].clone()
}

async fn the_frame_wears_what_was_chosen(app: &App) {
    let ann = Person::join(app, "ann", Role::PartnerAdmin).await;
    let ours = json!({ "accent": null, "radius": null, "font": null, "logo": null });
    assert_eq!(ann.get(&path(app)).await.json, ours);
    assert_eq!(worn(app).await, ours);

    let wanted = json!({
        "accent": "#FFcc00", "radius": 20, "font": "serif", "logo": data_url(&png(b"by Ann, at home")),
    });
    let saved = ann.post(&path(app), wanted).await;
    assert_eq!(saved.status, 200, "{}", saved.text);
    let look = saved.json;
    assert_eq!(
        (&look["accent"], &look["radius"]),
        (&json!("#ffcc00"), &json!(20))
    );
    assert_eq!(worn(app).await, look);
    assert_eq!(ann.get(&path(app)).await.json, look);

    let logo = look["logo"].as_str().unwrap();
    let picture = open(app, logo).await;
    assert_eq!(picture.status, 200);
    assert_eq!(picture.headers["content-type"], "image/png");
    assert_eq!(picture.headers["x-content-type-options"], "nosniff");
    assert!(!picture.text.contains("by Ann"), "nothing but the picture");
    let other = format!("{}0", &logo[..logo.len() - 1]);
    for unknown in [other.as_str(), logo.split('?').next().unwrap()] {
        if unknown != logo {
            assert_eq!(open(app, unknown).await.status, 404, "{unknown}");
        }
    }

    // The same logo by its address; without it, it is gone.
    let mut next = look.clone();
    next["accent"] = json!("#123456");
    assert_eq!(ann.post(&path(app), next.clone()).await.json, next);
    assert_eq!(ann.post(&path(app), ours.clone()).await.json, ours);
    assert_eq!(open(app, logo).await.status, 404);
    let overtaken = ann.post(&path(app), next).await;
    assert_eq!(overtaken.refusal().2, "wrong_state", "{}", overtaken.text);
    assert_eq!(worn(app).await, ours);
}

async fn what_is_no_look_is_refused(app: &App) {
    let ann = Person::join(app, "ann", Role::Operator).await;
    let ours = json!({ "accent": null, "radius": null, "font": null, "logo": null });
    let large = [png(b""), vec![0; 32 * 1024]].concat();
    for (field, value) in [
        ("radius", json!(21)),
        ("logo", json!("https://elsewhere.example/logo.png")),
        ("logo", json!("data:image/svg+xml;base64,PHN2Zy8+")),
        ("logo", json!("data:image/png;base64,%%%")),
        ("logo", json!(data_url(b"<script>"))),
        ("logo", json!(data_url(&large))),
    ] {
        let mut look = ours.clone();
        look[field] = value.clone();
        let answer = ann.post(&path(app), look).await;
        assert!(
            [400, 409].contains(&answer.status),
            "{value}: {}",
            answer.text
        );
    }
    for unreadable in [
        json!({ "accent": "red", "radius": null, "font": null, "logo": null }),
        json!({ "accent": null, "radius": -1, "font": null, "logo": null }),
        json!({ "accent": null, "radius": null, "font": "Comic Sans", "logo": null }),
        json!({ "accent": null, "radius": null, "font": null, "logo": null, "css": "body{}" }),
    ] {
        assert_eq!(
            ann.post(&path(app), unreadable.clone()).await.status,
            400,
            "{unreadable}"
        );
    }
    assert_eq!(worn(app).await, ours);
}

async fn a_look_belongs_to_its_partner(app: &App) {
    let ann = Person::join(app, "ann", Role::PartnerAdmin).await;
    let other = app.partner("Other Shop", None).await.partner;
    let theirs = format!("partners/{}/look", other.id);
    let look = json!({ "accent": "#000000", "radius": null, "font": null, "logo": null });
    assert_eq!(ann.get(&theirs).await.status, 404);
    assert_eq!(ann.post(&theirs, look).await.status, 404);
    // Only the console shows what it looks like, and there is nothing else in it.
    let preview = open(app, "/console/preview").await;
    assert_eq!(preview.status, 200);
    let policy = preview.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("frame-ancestors 'self'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
}
