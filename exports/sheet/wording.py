"""The fixed words of the assessment sheet. The sheet is a Chinese official form in every language of the program.

The sheet says 初判 and 建议, never 鉴定: only licensed bodies appraise (domain page 4.5).
"""

from exports.sheet.canvas import Colour

SHORT_TITLE = "小区改造现状评估表 · {name}"
NOT_RECORDED = "未登记"
NOT_SURVEYED = "未调查：缺{form}"
# Civil Code, article 278.
VOTE_RULE = (
    "注：依《民法典》第二百七十八条，应由专有部分面积占比三分之二以上且人数占比三分之二以上的业主参与表决，"
    "并经参与表决专有部分面积四分之三以上且参与表决人数四分之三以上的业主同意。"
)
ADVICE_NOTE = "注：指数按项目参数由调查记录计算，未调查的项目不计分；“建议”供研究，纳入计划由主管部门审定。"
INTERNAL = "内部资料　注意保管"
# Reference systems by EPSG code (domain page 4.5 and 5.1).
CRS_LINES = {
    "EPSG:4547": "2000国家大地坐标系　高斯-克吕格3°带　中央子午线114°",
    "EPSG:4526": "2000国家大地坐标系　高斯-克吕格3°带　第38带",
    "EPSG:4548": "2000国家大地坐标系　高斯-克吕格3°带　中央子午线117°",
}
GRADES: dict[str, tuple[str, Colour]] = {
    "good": ("完好", (0.13, 0.48, 0.26)),
    "basic": ("基本完好", (0.35, 0.50, 0.10)),
    "general": ("一般损坏", (0.72, 0.50, 0.02)),
    "severe": ("严重损坏", (0.80, 0.33, 0.05)),
    "danger": ("危险", (0.72, 0.05, 0.08)),
    "none": ("缺失", (0.45, 0.10, 0.45)),
    "unsurveyed": ("未能查看", (0.40, 0.40, 0.40)),
}
STATUS_NOTES = {"draft": "草稿，未提交", "returned": "已退回，待修改"}
PASSES = {"yes": "达到", "no": "未达到", "": "无法计算"}
RESULT_COLOURS: dict[str, Colour] = {
    "符合": (0.13, 0.48, 0.26),
    "不符合": (0.72, 0.05, 0.08),
    "待核": (0.72, 0.50, 0.02),
    "未核查": (0.40, 0.40, 0.40),
}
UNTESTED = "另有{n}项阈值的输入本项目未采集，未核查，不作为符合；清单见规则集。"
NOT_CHECKED = "未核查：本项目尚未运行规则核查，表中无核查结果。"
RULES_NOTE = (
    "注：规则集{version}。按现有数据自动核查，结果为初判；依据栏只列已查阅条文的标准，空白为内部参考值；"
    "“待核”为资料不足或差值小于调查精度，“未核查”为无可查数据。"
)
