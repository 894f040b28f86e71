//! Columns as the Docker clients set them: cells of at least a width, with blanks between them.
//! Source: Go text/tabwriter as called in docker/cli v28 cli/command/formatter (10, 3) and compose v5.6 cmd/formatter (20, 3),
//! cmd/compose/top.go (4, 2).

/// Least width and padding of a table.
pub(super) type Layout = (usize, usize);
/// `ps` and everything of the `docker` client.
pub(super) const DOCKER: Layout = (10, 3);
/// `compose ls`, `compose images`.
pub(super) const WIDE: Layout = (20, 3);
/// `compose top`.
pub(super) const TOP: Layout = (4, 2);

/// Sets rows; the last cell of a row is not padded.
pub(super) fn table(rows: &[Vec<String>], (least, padding): Layout) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |at: usize| {
        let longest = rows.iter().filter(|r| r.len() > at + 1).map(|r| r[at].chars().count()).max().unwrap_or(0);
        (longest + padding).max(least)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let mut line = String::new();
        for (at, cell) in row.iter().enumerate() {
            line.push_str(cell);
            if at + 1 < row.len() {
                let blanks = widths[at].saturating_sub(cell.chars().count());
                line.push_str(&" ".repeat(blanks));
            }
        }
        line
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_as_wide_as_the_widest_and_the_last_one_is_not_padded() {
        let rows: Vec<Vec<String>> =
            [["NAME", "STATUS", "PORTS"], ["a-long-name-1", "Up", ""]].map(|r| r.map(String::from).to_vec()).to_vec();
        assert_eq!(table(&rows, DOCKER), ["NAME            STATUS    PORTS", "a-long-name-1   Up        "]);
    }
}
