//! Lines as runs of pixels, white first: T.4's one-dimensional coding and the two-dimensional one of T.4 and T.6, with the repairs of
//! libtiff where a line is damaged (`EXPAND1D`, `EXPAND2D` and `CLEANUP_RUNS` of its `tif_fax3.h`).

use super::codes::{BLACK_RUNS, MODES, Table, WHITE_RUNS, Word};

/// Why a line can't be read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// The data ended.
    Ended,
    /// The line has more runs than pixels.
    TooManyRuns,
}

/// Bits from the highest down.
pub(super) struct Bits<'a> {
    rest: &'a [u8],
    /// Unread bits, at the high end.
    held: u64,
    count: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(rest: &'a [u8]) -> Self {
        Self { rest, held: 0, count: 0 }
    }

    /// The next `count` bits, up to 16. Where some are left but not so many, zeros follow them, which count as read bits.
    #[inline]
    pub(super) fn peek(&mut self, count: u32) -> Result<u32, Stop> {
        if self.count < count {
            self.refill(count)?;
        }
        Ok((self.held >> (64 - count)) as u32)
    }

    fn refill(&mut self, count: u32) -> Result<(), Stop> {
        while self.count <= 56
            && let Some((byte, rest)) = self.rest.split_first()
        {
            self.held |= u64::from(*byte) << (56 - self.count);
            self.count += 8;
            self.rest = rest;
        }
        if self.count == 0 {
            return Err(Stop::Ended);
        }
        self.count = self.count.max(count);
        Ok(())
    }

    #[inline]
    pub(super) fn skip(&mut self, count: u32) {
        self.held <<= count;
        self.count = self.count.saturating_sub(count);
    }

    #[inline]
    fn word(&mut self, table: &Table) -> Result<Word, Stop> {
        let (word, length) = table.get(self.peek(table.width)?);
        self.skip(length);
        Ok(word)
    }

    /// Goes on to the next whole byte.
    pub(super) fn align(&mut self) {
        self.skip(self.count % 8);
    }
}

pub(super) struct Lines<'a> {
    pub(super) bits: Bits<'a>,
    /// Pixels in a line.
    width: i64,
    /// As many runs as libtiff has room for.
    max_runs: usize,
    /// The zeros of an end of line were read.
    pub(super) end_of_line: bool,
    /// The position in the line.
    a0: i64,
    /// Pixels of the run that is being read.
    run: i64,
    runs: Vec<i64>,
    /// The runs of the line above.
    above: Vec<i64>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(input: &'a [u8], width: usize, two_dimensional: bool) -> Self {
        let max_runs = (width + 1).next_multiple_of(32) * if two_dimensional { 2 } else { 1 };
        let width = width as i64;
        Self { bits: Bits::new(input), width, max_runs, end_of_line: false, a0: 0, run: 0, runs: Vec::new(), above: vec![width, 0] }
    }

    pub(super) fn start(&mut self) {
        self.a0 = 0;
        self.run = 0;
        self.runs.clear();
    }

    /// Makes the line the one above the next.
    pub(super) fn keep(&mut self) {
        // An imaginary change, for reference.
        self.runs.push(self.run);
        std::mem::swap(&mut self.runs, &mut self.above);
    }

    /// Sets the bits of the black runs in a row of zeros.
    pub(super) fn fill(&self, row: &mut [u8]) {
        let mut x = 0;
        for (i, run) in self.runs.iter().enumerate() {
            let end = x + (*run).clamp(0, self.width - x);
            if i % 2 == 1 {
                blacken(row, x as usize, end as usize);
            }
            x = end;
        }
    }

    fn end_run(&mut self, pixels: i64) -> Result<(), Stop> {
        if self.runs.len() >= self.max_runs {
            return Err(Stop::TooManyRuns);
        }
        self.runs.push(self.run + pixels);
        self.a0 += pixels;
        self.run = 0;
        Ok(())
    }

    /// Makes the runs end with the line, whatever was read: what is missing becomes white.
    fn clean_up(&mut self) -> Result<(), Stop> {
        if self.run > 0 {
            self.end_run(0)?;
        }
        while self.a0 > self.width
            && let Some(run) = self.runs.pop()
        {
            self.a0 -= run;
        }
        if self.a0 < self.width {
            self.a0 = self.a0.max(0);
            if self.runs.len() % 2 == 1 {
                self.end_run(0)?;
            }
            self.end_run(self.width - self.a0)?;
        } else if self.a0 > self.width {
            self.end_run(self.width)?;
            self.end_run(0)?;
        }
        Ok(())
    }

    /// Reads a run of one colour; `false` where something else comes.
    fn read_run(&mut self, table: &Table) -> Result<bool, Stop> {
        loop {
            match self.bits.word(table)? {
                Word::End(pixels) => {
                    self.end_run(i64::from(pixels))?;
                    return Ok(true);
                }
                Word::More(pixels) => {
                    self.a0 += i64::from(pixels);
                    self.run += i64::from(pixels);
                }
                Word::EndOfLine => {
                    self.end_of_line = true;
                    return Ok(false);
                }
                _ => return Ok(false),
            }
        }
    }

    /// Reads a line of runs.
    pub(super) fn read_1d(&mut self) -> Result<(), Stop> {
        let read = self.expand_1d();
        if read != Err(Stop::TooManyRuns) {
            self.clean_up()?;
        }
        read
    }

    fn expand_1d(&mut self) -> Result<(), Stop> {
        let (white, black) = (&*WHITE_RUNS, &*BLACK_RUNS);
        loop {
            for table in [white, black] {
                if !self.read_run(table)? || self.a0 >= self.width {
                    return Ok(());
                }
            }
            if let [.., 0, 0] = *self.runs.as_slice() {
                self.runs.truncate(self.runs.len() - 2);
            }
        }
    }

    /// Reads a line of changes against the line above.
    pub(super) fn read_2d(&mut self) -> Result<(), Stop> {
        let read = self.expand_2d();
        if read != Err(Stop::TooManyRuns) {
            self.clean_up()?;
        }
        read
    }

    fn expand_2d(&mut self) -> Result<(), Stop> {
        let (white, black, modes) = (&*WHITE_RUNS, &*BLACK_RUNS, &*MODES);
        let mut change = Change { b1: 0, next: 0 };
        change.advance(&self.above);
        while self.a0 < self.width {
            match self.bits.word(modes)? {
                Word::Pass => {
                    self.pass_by(&mut change);
                    change.advance(&self.above);
                    self.run += change.b1 - self.a0;
                    self.a0 = change.b1;
                    change.advance(&self.above);
                }
                Word::Horizontal => {
                    let (first, second) = if self.runs.len() % 2 == 1 { (black, white) } else { (white, black) };
                    let before = self.end_of_line;
                    if !self.read_run(first)? || !self.read_run(second)? {
                        // An end of line within this mode is a bad code word.
                        self.end_of_line = before;
                        return Ok(());
                    }
                    self.pass_by(&mut change);
                }
                Word::Vertical(right @ 0..) => {
                    self.pass_by(&mut change);
                    self.end_run(change.b1 - self.a0 + i64::from(right))?;
                    change.advance(&self.above);
                }
                Word::Vertical(left) => {
                    self.pass_by(&mut change);
                    let pixels = change.b1 - self.a0 + i64::from(left);
                    if pixels < 0 {
                        return Ok(());
                    }
                    self.end_run(pixels)?;
                    change.retreat(&self.above);
                }
                Word::Extension => {
                    // Uncompressed mode, which nobody writes.
                    self.runs.push(self.width - self.a0);
                    return Ok(());
                }
                Word::EndOfLine => {
                    self.runs.push(self.width - self.a0);
                    self.bits.peek(4)?;
                    self.bits.skip(4);
                    self.end_of_line = true;
                    return Ok(());
                }
                _ => return Ok(()),
            }
        }
        if self.run > 0 {
            if self.run + self.a0 < self.width {
                if self.bits.peek(1)? == 0 {
                    return Ok(());
                }
                self.bits.skip(1);
            }
            self.end_run(0)?;
        }
        Ok(())
    }

    /// Moves the change above to the right of the position.
    fn pass_by(&self, change: &mut Change) {
        while !self.runs.is_empty() && change.b1 <= self.a0 && change.b1 < self.width {
            if change.next >= self.above.len() {
                change.b1 = self.width;
            }
            change.advance(&self.above);
            change.advance(&self.above);
        }
    }
}

/// A change in the line above.
struct Change {
    /// Where it is.
    b1: i64,
    /// The run that follows it.
    next: usize,
}

impl Change {
    fn advance(&mut self, runs: &[i64]) {
        self.b1 += runs.get(self.next).copied().unwrap_or(0);
        self.next += 1;
    }

    fn retreat(&mut self, runs: &[i64]) {
        self.next = self.next.saturating_sub(1);
        self.b1 -= runs.get(self.next).copied().unwrap_or(0);
    }
}

/// Sets the bits from `start` to before `end`.
fn blacken(row: &mut [u8], start: usize, end: usize) {
    if start >= end {
        return;
    }
    let (first, last) = (start / 8, (end - 1) / 8);
    let (head, tail) = (0xFF >> (start % 8), 0xFF << (7 - (end - 1) % 8));
    match row.get_mut(first..=last) {
        Some([byte]) => *byte |= head & tail as u8,
        Some([left, between @ .., right]) => {
            *left |= head;
            between.fill(0xFF);
            *right |= tail as u8;
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_become_bits() {
        for start in 0..40 {
            for end in start..=40 {
                let mut row = [0; 5];
                blacken(&mut row, start, end);
                let want = (0..40).map(|x| u8::from((start..end).contains(&x)));
                assert!((0..40).map(|x| row[x / 8] >> (7 - x % 8) & 1).eq(want), "{start} {end}");
            }
        }
    }
}
