//! Cards that customers let us keep.

use crate::kit::{Counting, NOW, write};
use proof_core::{
    card::{Card, CardExpiry, CardStored},
    id::{CardId, PersonId},
    order::Order,
    partner::Environment,
};
use proof_store::Db;

/// Runs every statement of this noun.
pub async fn rows(db: &Db, entropy: &Counting, order: &Order) {
    let (customer, partner) = (order.customer, order.partner);
    let card = |reference: &str, month| Card {
        id: CardId::new(NOW, entropy),
        order: order.id,
        stored: CardStored {
            reference: reference.to_owned(),
            brand: "visa".to_owned(),
            last4: "4242".to_owned(),
            fingerprint: "one".to_owned(),
            expires: CardExpiry::new(2030, month).unwrap(),
        },
        kept_at: NOW,
    };
    let first = card("a", 1);
    write!(db, [first], |tx| {
        let row = tx.customer_load(partner, customer).await?.unwrap();
        let person: PersonId = row.person.unwrap();
        assert_eq!(tx.card_like(customer, "one").await?, None);
        tx.card_save((customer, person), &first).await?;
        let found = tx.card_of_customer(customer, 9).await?;
        assert_eq!(found, vec![first.clone()]);
        let like = tx.card_like(customer, "one").await?;
        assert_eq!(like.as_ref(), Some(&first));
        let both = vec![(Environment::Test, first.clone())];
        assert_eq!(tx.card_of_person(person, 9).await?, both);
        let month = |month| CardExpiry::new(2030, month).unwrap();
        assert_eq!(tx.card_expired(month(1), 9).await?, vec![]);
        assert_eq!(tx.card_expired(month(2), 9).await?, both);
        tx.card_delete(first.id).await?;
        assert_eq!(tx.card_of_customer(customer, 9).await?, vec![]);
        let wish = first.order;
        assert!(!tx.card_wished(wish).await?);
        tx.card_wish(wish).await?;
        tx.card_wish(wish).await?;
        assert!(tx.card_wished(wish).await?);
        tx.card_wish_done(wish).await?;
        assert!(!tx.card_wished(wish).await?);
    });
}
