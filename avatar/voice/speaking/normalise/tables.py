"""Currencies, units and signs: how each is called in Mandarin and in English."""

from __future__ import annotations

# fmt: off
CURRENCIES = {
    "$": ("美元", "dollar", "cent"),
    "US$": ("美元", "dollar", "cent"),
    "HK$": ("港元", "Hong Kong dollar", "cent"),
    "€": ("欧元", "euro", "cent"),
    "£": ("英镑", "pound", "penny"),
    "¥": ("元", "yuan", ""),
    "￥": ("元", "yuan", ""),
    "A$": ("澳元", "Australian dollar", "cent"),
    "₩": ("韩元", "won", ""),
    "₹": ("卢比", "rupee", ""),
}
"""Sign to its name in Mandarin and in English, and that of its hundredth where it is said."""

SCALES = {
    "k": ("千", "thousand"), "m": ("百万", "million"), "b": ("十亿", "billion"), "万": ("万", "ten thousand"),
    "亿": ("亿", "hundred million"), "thousand": ("千", "thousand"), "million": ("百万", "million"),
    "bn": ("十亿", "billion"), "billion": ("十亿", "billion"), "trillion": ("万亿", "trillion"),
}

UNITS = {
    "km/h": ("公里每小时", "kilometers per hour"), "m/s": ("米每秒", "meters per second"),
    "mph": ("英里每小时", "miles per hour"), "km²": ("平方公里", "square kilometers"),
    "m²": ("平方米", "square meters"), "m³": ("立方米", "cubic meters"),
    "km": ("公里", "kilometers"), "cm": ("厘米", "centimeters"), "mm": ("毫米", "millimeters"), "m": ("米", "meters"),
    "kg": ("公斤", "kilograms"), "mg": ("毫克", "milligrams"), "g": ("克", "grams"), "t": ("吨", "tons"),
    "ml": ("毫升", "milliliters"), "mL": ("毫升", "milliliters"), "L": ("升", "liters"),
    "h": ("小时", "hours"), "min": ("分钟", "minutes"), "s": ("秒", "seconds"), "ms": ("毫秒", "milliseconds"),
    "Hz": ("赫兹", "hertz"), "kHz": ("千赫", "kilohertz"), "MHz": ("兆赫", "megahertz"), "GHz": ("吉赫", "gigahertz"),
    "KB": ("千字节", "kilobytes"), "MB": ("兆字节", "megabytes"), "GB": ("吉字节", "gigabytes"),
    "TB": ("太字节", "terabytes"), "kW": ("千瓦", "kilowatts"), "W": ("瓦", "watts"), "V": ("伏", "volts"),
    "lb": ("磅", "pounds"), "lbs": ("磅", "pounds"), "ft": ("英尺", "feet"), "fps": ("帧每秒", "frames per second"),
    "oz": ("盎司", "ounces"), "mi": ("英里", "miles"), "yd": ("码", "yards"), "ha": ("公顷", "hectares"),
    "cm²": ("平方厘米", "square centimeters"), "cm³": ("立方厘米", "cubic centimeters"),
    "㎡": ("平方米", "square meters"), "㎞": ("公里", "kilometers"), "㎏": ("公斤", "kilograms"),
    "㎝": ("厘米", "centimeters"), "㎜": ("毫米", "millimeters"), "㎎": ("毫克", "milligrams"),
    "nm": ("纳米", "nanometers"), "μm": ("微米", "micrometers"), "m/s²": ("米每二次方秒", "meters per second squared"),
    "kWh": ("千瓦时", "kilowatt hours"), "mAh": ("毫安时", "milliamp hours"), "mA": ("毫安", "milliamps"),
    "MW": ("兆瓦", "megawatts"), "GW": ("吉瓦", "gigawatts"), "mV": ("毫伏", "millivolts"), "kV": ("千伏", "kilovolts"),
    "Mbps": ("兆比特每秒", "megabits per second"), "Gbps": ("吉比特每秒", "gigabits per second"),
    "dB": ("分贝", "decibels"), "kcal": ("千卡", "kilocalories"), "cal": ("卡", "calories"), "Pa": ("帕", "pascals"),
    "kPa": ("千帕", "kilopascals"), "hPa": ("百帕", "hectopascals"), "rpm": ("转每分", "revolutions per minute"),
    "px": ("像素", "pixels"), "dpi": ("点每英寸", "dots per inch"), "PB": ("拍字节", "petabytes"),
    "hrs": ("小时", "hours"),
    "hr": ("小时", "hours"), "sec": ("秒", "seconds"), "mins": ("分钟", "minutes"),
}
"""Unit, after a number, to its name in Mandarin and its plural in English."""

VULGAR = {
    "½": ("1", "2"), "¼": ("1", "4"), "¾": ("3", "4"), "⅓": ("1", "3"), "⅔": ("2", "3"),
    "⅛": ("1", "8"), "⅕": ("1", "5"), "⅜": ("3", "8"),
}
"""Fraction sign to numerator and denominator."""

UNCHANGED = ("hertz", "kilohertz", "megahertz", "gigahertz", "square", "cubic")
"""Names, or the beginnings of names, of which one and many are not told apart by an s at the end."""

ONE = {"feet": "foot", "inches": "inch", "kilowatt hours": "kilowatt hour", "milliamp hours": "milliamp hour"}
"""The singular of a unit's name where it is not the plural without its s."""

SAID_FRACTIONS = {
    ("24", "7"): ("二十四小时七天", "twenty four seven"), ("9", "11"): ("九一一", "nine eleven"),
    ("50", "50"): ("五五开", "fifty fifty"),
}
"""What looks like a fraction and is none."""

PARTS = {"2": ("half", "halves"), "4": ("quarter", "quarters")}
"""Denominators that are not said as ordinals, one of them and many."""

OPERATORS = {
    "+": ("加", "plus"), "=": ("等于", "equals"), "×": ("乘以", "times"), "*": ("乘以", "times"),
    "÷": ("除以", "divided by"), "<": ("小于", "less than"), ">": ("大于", "greater than"),
    "≥": ("大于等于", "at least"), "≤": ("小于等于", "at most"),
    "±": ("正负", "plus or minus"),
}
"""Said where a number or word follows."""

SIGNS = {
    "&": ("和", "and"), "%": ("百分号", "percent"), "@": ("艾特", "at"), "°": ("度", "degrees"),
    "$": ("美元", "dollars"), "€": ("欧元", "euros"), "£": ("英镑", "pounds"), "№": ("号", "number"),
}
"""Said wherever they stand alone."""

RAISED = {"²": ("平方", "squared"), "³": ("立方", "cubed")}
"""Said behind what is raised to a power."""

ADDRESS_SIGNS = {
    ".": ("点", "dot"), "/": ("斜杠", "slash"), "@": ("艾特", "at"), "-": ("杠", "dash"),
    "_": ("下划线", "underscore"), ":": ("冒号", "colon"), "?": ("问号", "question mark"), "=": ("等于", "equals"),
    "&": ("和", "and"), "#": ("井号", "hash"), "+": ("加号", "plus"),
    "%": ("百分号", "percent"), "~": ("波浪号", "tilde"),
}
"""Said inside a URL or a mail address."""

MARKS = {
    "，": ",", "、": ",", ",": ",", "。": ".", "．": ".", ".": ".", "！": "!", "!": "!", "？": "?", "?": "?",
    "：": ":", ":": ":", "；": ";", ";": ";", "…": "…", "—": "—", "–": "—", "―": "—", "～": "—", "/": ",", "|": ",",
    "“": "“", "”": "”", "「": "“", "」": "”", "『": "“", "』": "”", "《": "“", "》": "”", "〈": "“", "〉": "”",
    "【": "“", "】": "”", "«": "“", "»": "”", "（": "(", "）": ")", "(": "(", ")": ")",
}
"""The token of Kokoro's vocabulary for each mark; every other sign is silent."""
# fmt: on
