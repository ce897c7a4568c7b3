from datetime import datetime, timedelta

from persistence.documents.lru import CachedDocument, Key, LruDocumentCache
from tests.support.builders import NOW

FIRST: Key = (1, "en-us", "first")
SECOND: Key = (2, "en-us", "first")
THIRD: Key = (3, "en-us", "first")


def document(body: bytes = b"1234", **overrides: object) -> CachedDocument:
    values: dict[str, object] = {"version": 1, "valid_until": None, "body": body} | overrides
    return CachedDocument(**values)  # type: ignore[arg-type]  # they are of these types


def body(cache: LruDocumentCache, key: Key, version: int, now: datetime) -> bytes | None:
    name, language, edition = key
    [cached] = cache.bodies({name: version}, language, edition, now).values()
    return cached


class TestBody:
    def test_is_that_of_the_version(self) -> None:
        cache = LruDocumentCache(100)
        cache.put(FIRST, document(version=2))

        assert [body(cache, FIRST, version, NOW) for version in (1, 2, 3)] == [None, b"1234", None]

    def test_ends_with_its_time(self) -> None:
        cache = LruDocumentCache(100)
        cache.put(FIRST, document(valid_until=NOW))

        assert body(cache, FIRST, 1, NOW - timedelta(microseconds=1)) == b"1234"
        assert body(cache, FIRST, 1, NOW) is None

    def test_of_another_language_or_edition_is_another(self) -> None:
        cache = LruDocumentCache(100)
        cache.put(FIRST, document())

        assert body(cache, (1, "tr-tr", "first"), 1, NOW) is None
        assert body(cache, (1, "en-us", "second"), 1, NOW) is None

    def test_comes_beside_those_of_others_in_their_order(self) -> None:
        cache = LruDocumentCache(100)
        cache.put(FIRST, document(b"1"))
        cache.put(THIRD, document(b"3"))

        cached = cache.bodies({3: 1, 2: 1, 1: 1}, "en-us", "first", NOW)

        assert list(cached.items()) == [(3, b"3"), (2, None), (1, b"1")]


class TestRemember:
    def test_forgets_what_was_not_used_for_longest(self) -> None:
        cache = LruDocumentCache(8)
        cache.put(FIRST, document())
        cache.put(SECOND, document())
        body(cache, FIRST, 1, NOW)

        cache.put(THIRD, document())

        assert body(cache, SECOND, 1, NOW) is None
        assert body(cache, FIRST, 1, NOW) == body(cache, THIRD, 1, NOW) == b"1234"

    def test_replaces_and_counts_once(self) -> None:
        cache = LruDocumentCache(8)
        cache.put(FIRST, document(b"12345678"))
        cache.put(FIRST, document(b"1234", version=2))

        cache.put(SECOND, document())

        assert body(cache, FIRST, 2, NOW) == b"1234"

    def test_keeps_nothing_larger_than_itself(self) -> None:
        cache = LruDocumentCache(3)

        cache.put(FIRST, document())

        assert body(cache, FIRST, 1, NOW) is None
