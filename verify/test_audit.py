"""The verifier of the audit chain, against chains that were changed in each way."""

import hashlib
import json
import unittest

import audit


def chain(count):
    rows, previous = [], audit.BEGINNING
    for number in range(1, count + 1):
        record = {"number": number, "at": number, "by": "ann", "from": "socket", "act": "order.rule"}
        record |= {"subject": f"ord_{number}", "before": None, "after": {"n": number}}
        text = json.dumps(record, separators=(",", ":"))
        previous = hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest()
        rows.append([number, "ann", "order.rule", f"ord_{number}", text, previous])
    return rows


def end(rows):
    return (rows[-1][0], rows[-1][5]) if rows else (0, audit.BEGINNING)


class Chain(unittest.TestCase):
    def broken(self, rows, head=None, *kept):
        with self.assertRaises(audit.Broken) as caught:
            audit.verify(rows, head or end(rows), kept)
        return str(caught.exception)

    def test_a_whole_chain(self):
        for count in (0, 1, 4):
            rows = chain(count)
            self.assertEqual(audit.verify(rows, end(rows)), end(rows))
        rows = chain(4)
        self.assertEqual(audit.verify(rows, end(rows), [(0, audit.BEGINNING), end(rows[:2]), end(rows)]), end(rows))

    def test_each_change_is_named(self):
        for column, value in [(1, "eve"), (2, "x"), (3, "x"), (4, "{}"), (5, "0")]:
            rows = chain(4)
            rows[1][column] = value
            self.assertIn("record 2 was changed", self.broken(rows, end(chain(4))))

    def test_a_record_that_is_gone(self):
        rows = chain(4)
        del rows[1]
        self.assertIn("record 2 is missing", self.broken(rows))

    def test_a_chain_that_was_cut_or_written_anew(self):
        rows = chain(4)
        self.assertIn("audit_head", self.broken(rows[:3], end(rows)))
        self.assertIn("checkpoint", self.broken(rows[:3], None, end(rows)))
        self.assertIn("checkpoint", self.broken(rows, None, end(rows), (2, "0" * 64)))

    def test_what_was_kept_has_one_checkpoint_or_many(self):
        one, other = '{"number": 1, "hash": "a", "at": "x"}', '{"number": 3, "hash": "b"}'
        self.assertEqual(audit.checkpoints(one), [(1, "a")])
        self.assertEqual(audit.checkpoints(f"{one}\n{other}\n"), [(1, "a"), (3, "b")])
        self.assertRaises(ValueError, audit.checkpoints, f"{one}\n{{")
        self.assertRaises(ValueError, audit.checkpoints, "")


if __name__ == "__main__":
    unittest.main()
