//! Onboarding (contract §1): what an operator may have mistyped is said at once.

use crate::kit::{App, SHOP};
use crate::on_both_engines;
use proof_core::{
    Fiat,
    partner::{Origin, PartnerType, SellPolicy},
};
use proof_engine::PartnerCreate;

on_both_engines!(what_cannot_be_meant_is_refused_with_its_field,);

fn good(app: &App) -> PartnerCreate {
    PartnerCreate {
        name: "New".to_owned(),
        kind: PartnerType::UserWallet,
        contact_email: "ops@example.com".to_owned(),
        origins: vec![Origin::parse(SHOP).unwrap()],
        pairs: app
            .shop
            .partner
            .policy
            .pairs
            .iter()
            .map(|p| p.asset)
            .collect(),
        sell: None,
        fiats: vec![Fiat::Eur],
        wallets: Vec::new(),
        webhook_url: None,
        redirect_url: Some("shop://done".to_owned()),
    }
}

async fn what_cannot_be_meant_is_refused_with_its_field(app: &App) {
    let taken = app.shop.partner.name.clone();
    type Change = Box<dyn Fn(&mut PartnerCreate)>;
    let changes: Vec<(&str, Change)> = vec![
        ("name", Box::new(|p| p.name.clear())),
        ("name", Box::new(|p| p.name = "a\u{1b}[2Jb".to_owned())),
        ("name", Box::new(|p| p.name = "x".repeat(101))),
        ("name", Box::new(move |p| p.name.clone_from(&taken))),
        (
            "contact_email",
            Box::new(|p| p.contact_email = "foo".to_owned()),
        ),
        (
            "redirect_url",
            Box::new(|p| p.redirect_url = Some("javascript:alert(1)".to_owned())),
        ),
        (
            "sell",
            Box::new(|p| {
                p.sell = Some(SellPolicy {
                    window_seconds: 5,
                    ..SellPolicy::default()
                });
            }),
        ),
        (
            "webhook_url",
            Box::new(|p| p.webhook_url = Some("ftp://x/".to_owned())),
        ),
    ];
    for (field, change) in changes {
        let mut request = good(app);
        change(&mut request);
        let error = app
            .app
            .engine
            .partner_create(proof_core::audit::Author::machine(), request)
            .await
            .unwrap_err();
        assert_eq!(error.field, Some(field), "{}", error.message);
    }
    app.app
        .engine
        .partner_create(proof_core::audit::Author::machine(), good(app))
        .await
        .unwrap();
}
