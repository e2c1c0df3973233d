//! The checklist on paper: A4 pages of text in the fonts that every reader has.

use super::{Checklist, ChecklistLine};
use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref, Str, TextStr};
use proof_core::checklist::LineState;

// In points, of which 72 are an inch.
const WIDTH: f32 = 595.0;
const HEIGHT: f32 = 842.0;
const MARGIN: f32 = 56.0;
const INDENT: f32 = 118.0;
const TEXT: f32 = 9.5;
const LEADING: f32 = 13.0;

/// Pieces of evidence that fit a page; the JSON has all.
const EVIDENCE_MAX: usize = 2;

const PLAIN: Name<'static> = Name(b"F1");
const BOLD: Name<'static> = Name(b"F2");

/// Thousandths of the size that each letter from the space to the tilde takes in Helvetica.
const WIDTHS: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
    611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
    667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500,
    222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];

/// In the encoding of the fonts; what they have no letter for is a question mark.
fn encoded(text: &str) -> Vec<u8> {
    let byte = |letter: char| match letter {
        '\u{20}'..='\u{7e}' | '\u{a0}'..='\u{ff}' => u8::try_from(u32::from(letter)).ok(),
        '–' | '—' => Some(b'-'),
        '’' => Some(b'\''),
        '“' | '”' => Some(b'"'),
        '…' => Some(0x85),
        _ => None,
    };
    text.chars().map(|c| byte(c).unwrap_or(b'?')).collect()
}

fn width(text: &[u8], size: f32) -> f32 {
    let of = |byte: &u8| {
        let place = usize::from(byte.saturating_sub(b' '));
        f32::from(WIDTHS.get(place).copied().unwrap_or(556))
    };
    text.iter().map(of).sum::<f32>() * size / 1_000.0
}

/// Lines that fit; a word that is too long by itself is cut.
fn wrapped(text: &str, size: f32, room: f32) -> Vec<Vec<u8>> {
    let mut lines: Vec<Vec<u8>> = Vec::new();
    let mut line: Vec<u8> = Vec::new();
    for word in encoded(text).split(|byte| *byte == b' ') {
        let mut longer = line.clone();
        if !longer.is_empty() {
            longer.push(b' ');
        }
        longer.extend_from_slice(word);
        if width(&longer, size) <= room {
            line = longer;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for byte in word {
            line.push(*byte);
            if width(&line, size) > room {
                line.pop();
                lines.push(std::mem::replace(&mut line, vec![*byte]));
            }
        }
    }
    lines.push(line);
    lines
}

const fn state_word(state: LineState) -> (&'static str, f32) {
    match state {
        LineState::NotApplicable => ("does not apply", 0.55),
        LineState::Unseen => ("not seen yet", 0.35),
        LineState::Passing => ("passing", 0.0),
        LineState::Failing => ("FAILING", 0.0),
        LineState::SignedOff => ("signed off", 0.0),
    }
}

/// Pages under way; the pen goes down.
struct Pages {
    done: Vec<Content>,
    page: Content,
    at: f32,
}

impl Pages {
    fn new() -> Self {
        Self {
            done: Vec::new(),
            page: Content::new(),
            at: HEIGHT - MARGIN,
        }
    }

    /// A block of so many points stays together.
    fn room(&mut self, points: f32) {
        if self.at - points < MARGIN + LEADING {
            let page = std::mem::replace(&mut self.page, Content::new());
            self.done.push(page);
            self.at = HEIGHT - MARGIN;
        }
    }

    /// In the line where the pen is.
    fn put(&mut self, x: f32, (font, size, gray): (Name<'_>, f32, f32), text: &[u8]) {
        self.page
            .set_fill_gray(gray)
            .begin_text()
            .set_font(font, size)
            .next_line(x, self.at)
            .show(Str(text))
            .end_text();
    }

    fn down(&mut self, points: f32) {
        self.at -= points;
    }

    fn paragraph(&mut self, x: f32, look: (Name<'_>, f32, f32), text: &str) {
        let room = WIDTH - MARGIN - x;
        // Letters are as wide as in the plain font or wider, by a tenth at most over a line.
        let room = if look.0 == BOLD { room / 1.1 } else { room };
        for line in wrapped(text, look.1, room) {
            self.room(LEADING);
            self.put(x, look, &line);
            self.down(LEADING);
        }
    }

    fn head(&mut self, list: &Checklist, issued_at: &str) {
        let title = format!("Go-live checklist of {}", list.partner.name);
        self.paragraph(MARGIN, (BOLD, 16.0, 0.0), &title);
        self.down(8.0);
        let standing = if list.ready { ", ready to go live" } else { "" };
        let counts = format!(
            "{} of {} lines are green{standing}. As of {issued_at}.",
            list.green, list.of
        );
        self.paragraph(MARGIN, (PLAIN, TEXT, 0.0), &counts);
        let profile = match (&list.declared_by, &list.declared_at) {
            (Some(by), Some(at)) => format!("What the partner has was declared by {by} on {at}."),
            _ => "Nobody has declared yet whether there are apps or wallet payments.".to_owned(),
        };
        self.paragraph(MARGIN, (PLAIN, TEXT, 0.35), &profile);
        self.down(LEADING);
    }

    fn line(&mut self, line: &ChecklistLine) {
        self.room(3.0 * LEADING);
        let (word, gray) = state_word(line.state);
        self.put(MARGIN, (BOLD, TEXT, gray), &encoded(line.id));
        let top = self.at;
        self.at -= LEADING;
        self.put(MARGIN, (PLAIN, 8.0, gray), &encoded(word));
        self.at = top;
        self.paragraph(INDENT, (BOLD, TEXT, gray), line.text);
        self.paragraph(INDENT, (PLAIN, TEXT, gray), &line.why);
        for one in line.evidence.iter().take(EVIDENCE_MAX) {
            let request = one.request_id.as_deref().unwrap_or_default();
            let order = one.order.map(|id| id.to_string()).unwrap_or_default();
            let text = format!("{}: {} {request}{order}", one.at, one.text);
            self.paragraph(INDENT, (PLAIN, 8.0, 0.35), text.trim_end());
        }
        self.down(LEADING / 2.0);
    }
}

/// What is written on every page: whose it is, which one of how many, and what it is a picture of.
fn foot(page: &mut Content, number: usize, of: usize, digest: &str) {
    let text = format!("Page {number} of {of}. SHA-256 of the report as JSON: {digest}");
    page.set_fill_gray(0.35)
        .begin_text()
        .set_font(PLAIN, 7.0)
        .next_line(MARGIN, MARGIN / 2.0)
        .show(Str(&encoded(&text)))
        .end_text();
}

/// `digest`: of the same checklist as JSON, which has all of the evidence.
pub(super) fn paper(list: &Checklist, issued_at: &str, digest: &str) -> Vec<u8> {
    let mut pages = Pages::new();
    pages.head(list, issued_at);
    for line in &list.lines {
        pages.line(line);
    }
    let mut contents = pages.done;
    contents.push(pages.page);
    bound(
        contents,
        &format!("Go-live checklist of {}", list.partner.name),
        digest,
    )
}

fn bound(contents: Vec<Content>, title: &str, digest: &str) -> Vec<u8> {
    let [catalog, tree, plain, bold, info] = [1, 2, 3, 4, 5].map(Ref::new);
    let of = contents.len();
    let ids: Vec<(Ref, Ref)> = (0..of)
        .filter_map(|n| i32::try_from(n).ok())
        .map(|n| (Ref::new(6 + 2 * n), Ref::new(7 + 2 * n)))
        .collect();
    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(tree);
    pdf.document_info(info).title(TextStr(title));
    pdf.pages(tree)
        .kids(ids.iter().map(|(page, _)| *page))
        .count(i32::try_from(of).unwrap_or(i32::MAX));
    for (id, name) in [(plain, "Helvetica"), (bold, "Helvetica-Bold")] {
        pdf.type1_font(id)
            .base_font(Name(name.as_bytes()))
            .encoding_predefined(Name(b"WinAnsiEncoding"));
    }
    for (number, (mut content, (page, stream))) in (1..).zip(contents.into_iter().zip(ids)) {
        foot(&mut content, number, of, digest);
        let mut writer = pdf.page(page);
        writer
            .media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT))
            .parent(tree)
            .contents(stream);
        let mut resources = writer.resources();
        resources.fonts().pair(PLAIN, plain).pair(BOLD, bold);
        resources.finish();
        writer.finish();
        pdf.stream(stream, &content.finish());
    }
    pdf.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_wider_than_its_room_and_no_letter_is_lost() {
        let text = format!("A few words, and {} that fits nowhere.", "x".repeat(400));
        let lines = wrapped(&text, TEXT, 200.0);
        assert!(lines.iter().all(|line| width(line, TEXT) <= 200.0));
        let letters = |bytes: &[u8]| bytes.iter().filter(|b| **b != b' ').count();
        let kept: usize = lines.iter().map(|line| letters(line)).sum();
        assert_eq!(kept, letters(text.as_bytes()));
    }

    #[test]
    fn letters_are_those_of_the_fonts() {
        assert_eq!(encoded("Café – 5 €"), b"Caf\xe9 - 5 ?");
    }
}
