"""What the records say: progress of the survey, totals, condition."""

from fieldsurvey.assess.progress import CommunityProgress, FormProgress, community_progress
from fieldsurvey.assess.totals import PLAN, Totals, totals

__all__ = ["PLAN", "CommunityProgress", "FormProgress", "Totals", "community_progress", "totals"]
