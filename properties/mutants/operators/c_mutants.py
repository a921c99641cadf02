"""Operator mutants of a small C source: every place where one slip of the pen would do.

The source is read token by token and not parsed: what makes no sense does not compile, and is left out
by the caller. The list is the same each time. Not for: running them (operators.py).
"""

import collections
import dataclasses
import re

TOKEN = re.compile(
    r"""\s+|//[^\n]*|/\*.*?\*/|^\#[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[A-Za-z_]\w*|\d\w*"""
    r"""|->|<<|>>|<=|>=|==|!=|&&|\|\||\+\+|--|[-+*/%&|^]=|.""", re.S | re.M | re.X)
SKIPPED = re.compile(r"\s|//|/\*|\#")
KEYWORDS = {"if", "else", "while", "for", "do", "switch", "case", "sizeof", "return"}
TYPES = {"static", "const", "struct", "enum", "bool", "char", "int", "size_t", "ssize_t", "uint16_t",
         "sigset_t", "socklen_t"}
# Variables of one family are taken for one another.
FAMILIES = {"size_t": "size", "ssize_t": "size", "int": "int", "bool": "bool", "socklen_t": "int"}
SWAPS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "&&": "||", "||": "&&",
         "+": "-", "-": "+", "*": "/", "/": "*", "%": "/", "+=": "-=", "-=": "+=", "|=": "=",
         "++": "--", "--": "++", "true": "false", "false": "true", "&": "|", "|": "&"}
LIBRARY_MEMBERS = {"events": "short", "revents": "short"}
FLAG = re.compile(r"(SOCK_NONBLOCK|POLL|MSG_|O_|SO_)")
CONSTANT = re.compile(r"\d|k[A-Z]")


@dataclasses.dataclass(frozen=True)
class Mutant:
    """`old` at `start` becomes `new`; `line` is the text of the line where it stands."""
    file: str
    row: int
    column: int
    operator: str
    start: int
    old: str
    new: str
    line: str
    nth: int = 1  # of the same changes in one line

    def name(self):
        return f"{self.file}:{self.row}:{self.column} {self.operator}"

    def change(self):
        """What does not move when lines do: the operator, the change, and the line's own text."""
        shown = self.new.strip() or "(nothing)"
        nth = "" if self.nth == 1 else f" @{self.nth}"
        text = f"{self.operator}{nth} | {self.old} => {shown} | {self.line}"
        return f"{self.file}: " + " ".join(text.split())

    def any_change(self):
        """For all mutants of the line."""
        return f"{self.file}: * | " + " ".join(self.line.split())

    def apply(self, source):
        return source[:self.start] + self.new + source[self.start + len(self.old):]


class Source:
    """The tokens of one file and what is found among them."""

    def __init__(self, file, text):
        self.file = file
        self.text = text
        found = [(m.start(), m.group()) for m in TOKEN.finditer(text)]
        kept = [(at, token) for at, token in found if not SKIPPED.match(token)]
        self.at = [at for at, _ in kept]
        self.tokens = [token for _, token in kept]
        self.pair = self._pairs()
        self.function = self._functions()

    def mutants(self):
        """All of them, in the order of the text; one change is there once."""
        makers = (self._dropped, self._swapped, self._negated, self._operands, self._constants,
                  self._flags, self._arguments, self._variables)
        found = [mutant for maker in makers for mutant in maker()]
        once = {(m.start, m.old, m.new): m for m in reversed(found)}
        seen = collections.Counter()
        numbered = []
        for mutant in sorted(once.values(), key=lambda m: (m.start, m.operator, m.new)):
            change = mutant.change()
            seen[change] += 1
            numbered.append(dataclasses.replace(mutant, nth=seen[change]))
        return numbered

    def _mutant(self, operator, first, last, new):
        """The tokens from `first` to before `last` become the text `new`."""
        start, end = self.at[first], self.at[last - 1] + len(self.tokens[last - 1])
        begin = self.text.rfind("\n", 0, start) + 1
        line = self.text[begin:self.text.find("\n", start)]
        line = re.sub(r"\s+//.*", "", line).strip()
        row = self.text.count("\n", 0, start) + 1
        return Mutant(self.file, row, start - begin + 1, operator, start, self.text[start:end], new, line)

    def _pairs(self):
        """Where each bracket's other one is."""
        pair, stack = {}, []
        for i, token in enumerate(self.tokens):
            if token in "([{":
                stack.append(i)
            elif token in ")]}":
                pair[i] = stack.pop()
                pair[pair[i]] = i
        return pair

    def _functions(self):
        """For each token the number of the function that it is in, from its parameters on; or None."""
        inside = [None] * len(self.tokens)
        i = 0
        while i < len(self.tokens):
            if self.tokens[i] == "{":
                if self.tokens[i - 1] == ")":
                    inside[self.pair[i - 1]:self.pair[i]] = [i] * (self.pair[i] - self.pair[i - 1])
                i = self.pair[i]
            i += 1
        return inside

    def _in_bodies(self):
        return [i for i in range(len(self.tokens)) if self.function[i] and i > self.function[i]]

    def _is_binary(self, i):
        before = self.tokens[i - 1]
        return re.match(r"[\w)\]]", before) and before not in KEYWORDS and self.tokens[i + 1] not in ")*"

    def _starts_statement(self, i):
        before = self.tokens[i - 1]
        if before in ("{", "}", ";", "else"):
            return not any(self.tokens[j] == "for" and j < i < self.pair[j + 1]
                           for j in range(max(0, i - 30), i))
        return before == ")" and self.tokens[self.pair[i - 1] - 1] in ("if", "while", "for")

    def _dropped(self):
        """A statement, or an else, is not there."""
        for i in self._in_bodies():
            token = self.tokens[i]
            if token == "else":
                yield self._mutant("drop-else", i, i + 1, "")
            if not self._starts_statement(i) or token in TYPES or token in "{};.":
                continue
            if token in KEYWORDS - {"return"}:
                continue
            end = self.tokens.index(";", i)
            operator = f"drop-{token}" if token in ("return", "break", "continue") else "drop-statement"
            yield self._mutant(operator, i, end + 1, ";")

    def _swapped(self):
        """An operator or a truth value is taken for its neighbour."""
        for i in self._in_bodies():
            new = SWAPS.get(self.tokens[i])
            unary = self.tokens[i] in ("*", "-", "+", "&") and not self._is_binary(i)
            if new is not None and not unary:
                yield self._mutant("swap-operator", i, i + 1, new)

    def _negated(self):
        for i in self._in_bodies():
            if self.tokens[i] in ("if", "while"):
                first, last = i + 1, self.pair[i + 1] + 1
                yield self._mutant("negate", first, last, f"(!{self._text(first, last)})")
            if self.tokens[i] == "!":
                yield self._mutant("negate", i, i + 1, "")
            if self.tokens[i] == "?":
                yield self._branches_swapped(i)

    def _branches_swapped(self, i):
        colon = self.tokens.index(":", i)
        end = next(j for j in range(colon, len(self.tokens))
                   if self.tokens[j] in ",;)" and self._depth(colon, j) <= 0)
        yes, no = self._text(i + 1, colon), self._text(colon + 1, end)
        return self._mutant("negate", i + 1, end, f"{no} : {yes}")

    def _text(self, first, last):
        return self.text[self.at[first]:self.at[last - 1] + len(self.tokens[last - 1])]

    def _operands(self):
        """One side of && or || is not asked."""
        for i in self._in_bodies():
            if self.tokens[i] not in ("&&", "||"):
                continue
            first = last = i
            while self._within_operand(first - 1, i):
                first = self.pair[first - 1] if self.tokens[first - 1] in ")]" else first - 1
            while self._within_operand(last + 1, i):
                last = self.pair[last + 1] if self.tokens[last + 1] in "([" else last + 1
            yield self._mutant("drop-operand", first, i + 1, "")
            yield self._mutant("drop-operand", i, last + 1, "")

    def _within_operand(self, i, operator):
        token = self.tokens[i]
        ends = {"(", ")", ";", "?", ":", "=", "return", "||"}
        if i < operator and token == ")" or i > operator and token == "(":
            return True
        return token not in (ends | {"&&"} if self.tokens[operator] == "&&" else ends)

    def _constants(self):
        """One more, one less: literals, and named constants where they are used."""
        for i, token in enumerate(self.tokens):
            if not CONSTANT.match(token) or self.tokens[i - 1] == "[" and self.function[i] is None:
                continue
            if token[0] == "k" and self.function[i] is None:
                continue
            for step in ("+ 1", "- 1"):
                new = str(eval(f"{token} {step}")) if token[0].isdigit() else f"({token} {step})"
                yield self._mutant("off-by-one", i, i + 1, new)

    def _flags(self):
        for i in self._in_bodies():
            if FLAG.match(self.tokens[i]):
                yield self._mutant("drop-flag", i, i + 1, "0")

    def _arguments(self):
        """Two arguments that stand side by side change places."""
        for i in self._in_bodies():
            called = self.tokens[i] == "(" and re.match(r"[A-Za-z_]", self.tokens[i - 1])
            if not called or self.tokens[i - 1] in KEYWORDS | TYPES:
                continue
            bounds = [i] + [j for j in range(i, self.pair[i]) if self.tokens[j] == "," and
                            self._depth(i, j) == 1] + [self.pair[i]]
            parts = [(a + 1, b) for a, b in zip(bounds, bounds[1:])]
            for (a, b), (c, d) in zip(parts, parts[1:]):
                yield self._mutant("swap-arguments", a, d, f"{self._text(c, d)}, {self._text(a, b)}")

    def _depth(self, start, i):
        opened = sum(t in "([{" for t in self.tokens[start:i])
        return opened - sum(t in ")]}" for t in self.tokens[start:i])

    def _variables(self):
        """A variable is taken for another of its type: a local, a parameter or a global one, a member."""
        names, members = self._names()
        for i in self._in_bodies():
            token = self.tokens[i]
            member = self.tokens[i - 1] in ("->", ".")
            if self.tokens[i - 1] in TYPES:
                continue  # its declaration
            known = members if member else {**names[None], **names.get(self.function[i], {})}
            for other, family in known.items():
                if token in known and other != token and family == known[token]:
                    yield self._mutant("swap-variable", i, i + 1, other)

    def _names(self):
        """The names declared in each function (None: outside), and those of members, with their families."""
        names, members = {None: {}}, dict(LIBRARY_MEMBERS)
        struct_depth = [False] * len(self.tokens)
        for i, token in enumerate(self.tokens):
            if token == "struct" and self.tokens[i + 2] == "{":
                end = self.pair[i + 2]
                struct_depth[i:end] = [True] * (end - i)
        for i, token in enumerate(self.tokens[:-1]):
            name = self.tokens[i + 1]
            if token not in FAMILIES or not re.match(r"[a-z_]\w*$", name) or self.tokens[i + 2] == "(":
                continue
            if self.tokens[i + 2] == "[":
                continue
            home = members if struct_depth[i] else names.setdefault(self.function[i], {})
            home[name] = FAMILIES[token]
        return names, members
