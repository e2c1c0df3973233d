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
    let (first, renewed) = (card("a", 1), card("b", 12));
    let renewed = Card {
        id: first.id,
        ..renewed
    };
    write!(db, [first, renewed], |tx| {
        tx.card_save(customer, &first).await?;
        let found = tx.card_of_customer(customer, 9).await?;
        assert_eq!(found, vec![first.clone()]);
        tx.card_save(customer, &renewed).await?;
        let both = vec![(Environment::Test, renewed.clone())];
        let row = tx.customer_load(partner, customer).await?.unwrap();
        let person: PersonId = row.person.unwrap();
        assert_eq!(tx.card_of_person(person, 9).await?, both);
        let month = |month| CardExpiry::new(2030, month).unwrap();
        assert_eq!(tx.card_expired(month(12), 9).await?, vec![]);
        let later = CardExpiry::new(2031, 1).unwrap();
        assert_eq!(tx.card_expired(later, 9).await?, both);
        // Under its former name it is not there any more.
        tx.card_delete(&first).await?;
        assert_eq!(tx.card_of_customer(customer, 9).await?.len(), 1);
        tx.card_delete(&renewed).await?;
        assert_eq!(tx.card_of_customer(customer, 9).await?, vec![]);
    });
}
