"""Names of the files inside a sheet."""

DATA_NAME, MAP_NAME = "评估数据.json", "小区现状图.geojson"
