"""The names that generated code declares, by language, and the forbidden ones among them."""

from pathlib import Path

import pytest

from sdks.names import FORBIDDEN, bad_names, declared_names, names_in

PYTHON = """
class Order:
    number: str
    LIMIT = 20

    def pay(self, amount: int, *, currency_code: str) -> None:
        local_type_0 = amount
"""
TYPESCRIPT = """
// type Commented = string;
export type Order = { number: string; 'invoice'?: string };
export interface Page {
    readonly results: Order[];
    next?: string;
}
export enum Status { Open = 'open' }
export const listOrders = (options: Options) => get(options);
"""
JAVA = """
/** class Commented */
public class Order {
  public static final String SERIALIZED_NAME_NUMBER = "number";
  private String number;
  public String getNumber() { return number; }
  public enum Status { OPEN }
}
"""
GO = """
// type Commented struct
type Order struct {
\tNumber string `json:"number"`
}
const (
\tSTATUS_OPEN Status = "open"
)
func (o *Order) GetNumber() string {
\tlocal := 1
}
func NewOrder(number string) *Order {
"""


@pytest.mark.parametrize(
    ("suffix", "text", "declared"),
    [
        (".py", PYTHON, {"Order", "number", "LIMIT", "pay", "amount", "currency_code"}),
        (".ts", TYPESCRIPT, {"Order", "Page", "results", "next", "Status", "listOrders"}),
        (".java", JAVA, {"Order", "SERIALIZED_NAME_NUMBER", "number", "getNumber", "Status"}),
        (".go", GO, {"Order", "Number", "STATUS_OPEN", "GetNumber", "NewOrder"}),
    ],
)
def test_declared_names_are_found(suffix: str, text: str, declared: set[str]) -> None:
    names = names_in(suffix, text)

    assert names >= declared
    assert not names & {"Commented", "local_type_0", "local"}


@pytest.mark.parametrize("part", FORBIDDEN)
def test_a_forbidden_part_is_found_at_any_position(part: str) -> None:
    assert bad_names([f"Order{part}", "Order"]) == [f"Order{part}"]


def test_a_property_named_value_is_allowed() -> None:
    assert bad_names(["value", "values", "label"]) == []


def test_sources_are_searched_and_the_runtime_is_not(tmp_path: Path) -> None:
    for name, text in {
        "orders_type_0.py": "class Order: ...",
        "core.py": "class RawValue: ...",
    }.items():
        (tmp_path / name).write_text(text)

    names = declared_names(tmp_path, ["."], ["core.py"])

    assert names == {"orders_type_0", "Order"}


def test_a_source_that_was_not_generated_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"client\.ts"):
        declared_names(tmp_path, ["client.ts"], [])
