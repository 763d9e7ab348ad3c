//! Fields of CSV after RFC 4180.

/// Appends a field, quoted where it holds a comma, a quote or a line end.
pub fn csv_field(text: &str, line: &mut String) {
    if text.contains([',', '"', '\r', '\n']) {
        line.push('"');
        line.push_str(&text.replace('"', "\"\""));
        line.push('"');
    } else {
        line.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::csv_field;

    #[test]
    fn quotes_stand_where_they_are_needed() {
        let mut line = String::new();
        for text in ["plain", "a,b", "say \"it\"", "two\nlines", ""] {
            csv_field(text, &mut line);
            line.push(';');
        }
        assert_eq!(line, "plain;\"a,b\";\"say \"\"it\"\"\";\"two\nlines\";;");
    }
}
