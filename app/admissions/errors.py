"""Refusals about admissions."""

from app.kernel.errors import Conflict, NotFound, Unprocessable
from app.kernel.i18n import Text


class CandidacyNotFound(NotFound):
    title = Text(vi="Không tìm thấy hồ sơ quần chúng ưu tú", en="There is no such candidacy")


class StepNotFound(NotFound):
    title = Text(vi="Hồ sơ kết nạp không có bước này", en="The dossier has no such step")


class CandidacyClosed(Conflict):
    title = Text(vi="Hồ sơ đã kết nạp hoặc đã đưa ra khỏi nguồn", en="The candidate was admitted or dropped already")


class DossierIncomplete(Conflict):
    title = Text(vi="Hồ sơ kết nạp chưa đủ các bước", en="Steps of the dossier are missing")


class MentorsMissing(Conflict):
    title = Text(vi="Cần hai đảng viên chính thức giúp đỡ", en="Two official members must be mentors")


class CertificateMissing(Conflict):
    title = Text(
        vi="Chưa có giấy chứng nhận bồi dưỡng nhận thức về Đảng còn giá trị",
        en="There is no course certificate that is still valid",
    )


class NotOnProbation(Conflict):
    title = Text(vi="Đồng chí không phải đảng viên dự bị", en="This member is not on probation")


class RecognitionTooEarly(Conflict):
    title = Text(vi="Chưa đủ 12 tháng dự bị", en="The twelve months of probation are not over")


class MentorNotValid(Unprocessable):
    title = Text(
        vi="Người giúp đỡ phải là đảng viên chính thức của chi bộ", en="A mentor is an official member of the branch"
    )
