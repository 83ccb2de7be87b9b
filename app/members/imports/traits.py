"""Schooling, ethnicity and occupation as lists write them in words, and as lists are given out."""

from app.members.imports.cells import CellError, is_mark, text_of
from app.members.imports.headings import normalise
from app.members.imports.sheets import Cell
from app.members.models import Education, Occupation

EDUCATIONS: dict[Education, tuple[str, ...]] = {
    Education.lower_secondary: ("THCS", "Trung học cơ sở", "Cấp 2", "Tiểu học", "Cấp 1", "9/12", "Lower secondary"),
    Education.upper_secondary: ("THPT", "Trung học phổ thông", "Cấp 3", "12/12", "10/10", "Upper secondary"),
    Education.vocational: ("Trung cấp", "Sơ cấp", "Trung cấp nghề", "Trung học chuyên nghiệp", "Vocational"),
    Education.college: ("Cao đẳng", "College"),
    Education.university: ("Đại học", "Cử nhân", "Kỹ sư", "University"),
    Education.masters: ("Thạc sĩ", "Thạc sỹ", "Masters"),
    Education.doctorate: ("Tiến sĩ", "Tiến sỹ", "Doctorate"),
}
OCCUPATIONS: dict[Occupation, tuple[str, ...]] = {
    Occupation.farming: ("Nông dân", "Làm ruộng", "Nông nghiệp", "Farming"),
    Occupation.enterprise: ("Doanh nghiệp", "Công nhân", "Người lao động trong doanh nghiệp", "Enterprise"),
    Occupation.public_service: ("Cán bộ, công chức", "Công chức", "Viên chức", "Cán bộ", "Public service"),
    Occupation.armed_forces: ("Lực lượng vũ trang", "Quân đội", "Công an", "Bộ đội", "Armed forces"),
    Occupation.student: ("Học sinh, sinh viên", "Sinh viên", "Học sinh", "Student"),
    Occupation.retired: ("Nghỉ hưu", "Hưu trí", "Retired"),
    Occupation.other: ("Khác", "Nghề khác", "Other"),
}
"""The words that are understood, with accents or without; the first is the one that lists are given out with."""

MINORITY = {True: "Có", False: "Không"}

_KINH = frozenset({"kinh", "viet", "khong", "no"})
_YES = frozenset({"co", "yes", "dan toc thieu so", "thieu so"})
# The peoples besides the Kinh, as the Decision 121-TCTK/PPCĐ of 2/3/1979 lists them.
_NAMES = """
Tày, Thái, Hoa, Khơ-me, Khmer, Mường, Nùng, HMông, Hmông, Mông, Mèo, Dao, Gia-rai, Ngái, Ê-đê, Ba na, Xơ-Đăng, Sán Chay,
Cao Lan, Sán Chỉ, Cơ-ho, Chăm, Sán Dìu, Hrê, Mnông, Ra-glai, Xtiêng, Bru-Vân Kiều, Vân Kiều, Thổ, Giáy, Cơ-tu, Mạ, Co,
Gié Triêng, Khơ-mú, Tà-ôi, Chơ-ro, Kháng, Xinh-mun, Hà Nhì, Chu ru, Lào, La Chí, La Ha, Phù Lá, La Hủ, Lự, Lô Lô, Chứt,
Mảng, Pà Thẻn, Co Lao, Cống, Bố Y, Si La, Pu Péo, Brâu, Ơ Đu, Rơ măm
"""
_PEOPLES = frozenset(map(normalise, _NAMES.split(",")))


def read_education(cell: Cell) -> Education:
    """Return the schooling that a cell names; refuses with `education_unreadable`."""
    found = _EDUCATION_OF.get(normalise(text_of(cell)))
    if found is None:
        raise CellError("education_unreadable", **_one_of([words[0] for words in EDUCATIONS.values()]))
    return found


def read_occupation(cell: Cell) -> Occupation:
    """Return the group of occupations that a cell names; refuses with `occupation_unreadable`."""
    found = _OCCUPATION_OF.get(normalise(text_of(cell)))
    if found is None:
        raise CellError("occupation_unreadable", **_one_of([words[0] for words in OCCUPATIONS.values()]))
    return found


def is_no(cell: Cell) -> bool:
    """Say whether a cell says no in words."""
    return normalise(text_of(cell)) in {"khong", "no"}


def read_minority(cell: Cell) -> bool:
    """Say whether a cell, "Có", "Không", a tick or the name of a people, is of an ethnic minority.

    Refuses with `ethnicity_unreadable`.
    """
    said = normalise(text_of(cell))
    if said in _KINH:
        return False
    if is_mark(cell) or said in _YES or said in _PEOPLES:
        return True
    raise CellError(
        "ethnicity_unreadable",
        vi="Ghi “Có”, “Không” hoặc tên dân tộc, ví dụ “Kinh”, “Mường”.",
        en="Write “Có” (yes), “Không” (no), or the name of the people.",
    )


def _one_of(words: list[str]) -> dict[str, str]:
    listed = ", ".join(f"“{word}”" for word in words)
    return {"vi": f"Chỉ nhận: {listed}.", "en": f"Only one of: {listed}."}


_EDUCATION_OF = {normalise(word): one for one, words in EDUCATIONS.items() for word in words}
_OCCUPATION_OF = {normalise(word): one for one, words in OCCUPATIONS.items() for word in words}
