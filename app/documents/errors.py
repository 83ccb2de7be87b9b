"""Refusals of the library, named by the state they stand for."""

from app.kernel.errors import AppError, Conflict, NotFound, TooLarge, Unavailable, Unprocessable
from app.kernel.i18n import Text


class DocumentNotFound(NotFound):
    title = Text(vi="Không tìm thấy tài liệu", en="There is no such document")


class DocumentAlreadyExists(Conflict):
    title = Text(vi="Mã định danh này đã được dùng", en="This id is taken already")


class DocumentsNotFound(Unprocessable):
    title = Text(vi="Có tài liệu không dùng được ở đây", en="Some documents cannot be used here")


class DocumentTooLarge(TooLarge):
    title = Text(vi="Tệp lớn nhất 20 MiB", en="A file has 20 MiB at most")


class DocumentEmpty(Unprocessable):
    title = Text(vi="Tệp không có nội dung", en="The file is empty")


class DocumentKindNotTaken(Unprocessable):
    title = Text(vi="Chỉ nhận tệp PDF, DOCX, XLSX, PNG, JPEG", en="Only PDF, DOCX, XLSX, PNG and JPEG files are taken")


class FileNameNotAllowed(Unprocessable):
    title = Text(
        vi="Tên tệp để trống, quá 200 ký tự, hoặc có ký tự không dùng được",
        en="The file's name is blank, longer than 200 characters, or holds characters that cannot be used",
    )


class FileNameMisleading(Unprocessable):
    title = Text(
        vi="Phần mở rộng của tên tệp không khớp với nội dung", en="The extension of the file's name belies its content"
    )


class DocumentEncrypted(Unprocessable):
    title = Text(vi="Tệp đặt mật khẩu; hãy bỏ mật khẩu rồi gửi lại", en="The file is encrypted; send it without")


class DocumentDamaged(Unprocessable):
    title = Text(vi="Tệp bị hỏng, không mở được", en="The file is damaged and cannot be opened")


class DocumentUnpacksTooLarge(Unprocessable):
    title = Text(
        vi="Tệp nén quá 100 MiB hoặc quá 1.000 mục khi mở ra", en="It unpacks to more than 100 MiB or 1,000 entries"
    )


class SecrecyNotExcluded(Unprocessable):
    title = Text(
        vi="Người gửi phải cam đoan tài liệu không chứa bí mật nhà nước",
        en="The uploader must declare that the document is no state secret",
    )


class DocumentInUse(Conflict):
    title = Text(
        vi="Tài liệu đang được dùng ở nơi khác nên không xóa được", en="The document is used elsewhere and must stay"
    )


class DocumentVisibilityFixed(Conflict):
    title = Text(
        vi="Tài liệu riêng không thành tài liệu chung, và ngược lại",
        en="A document of one's own never becomes a shared one, nor the other way round",
    )


class RangeNotSatisfiable(AppError):
    status = 416
    title = Text(vi="Tệp không có khoảng byte này", en="The file has no such bytes")


class DocumentContentUnavailable(Unavailable):
    title = Text(vi="Kho tệp tạm thời không dùng được", en="The file store cannot be used right now")
