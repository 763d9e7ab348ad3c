//! Text from outside as part of the page: nothing in it is ever markup, script or the end of either.

use crate::words::one_line;

/// Within an element. Control characters become pictures of themselves.
pub fn text(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len() + 8);
    for c in one_line(raw).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Within a quoted attribute: the same, for all five characters are escaped in both.
pub fn attribute(raw: &str) -> String {
    text(raw)
}

/// A name from outside, kept apart from the direction of the text around it.
pub fn name(raw: &str) -> String {
    format!("<bdi>{}</bdi>", text(raw))
}

/// JSON within a `<script>`: no character in it can end the element or open a comment.
pub fn json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_markup() {
        assert_eq!(
            text("</script><img onerror='x' a=\"&\">\n"),
            "&lt;/script&gt;&lt;img onerror=&#39;x&#39; a=&quot;&amp;&quot;&gt;␊"
        );
        assert_eq!(json("\"</script>&\u{2028}\""), "\"\\u003c/script\\u003e\\u0026\\u2028\"");
        assert_eq!(serde_json::from_str::<String>(&json("\"<\u{2028}ü\"")).unwrap(), "<\u{2028}ü");
    }
}
