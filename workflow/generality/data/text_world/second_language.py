"""The second language: Chinese words and sentences for the same world."""

from generality.data.text_world.language import Language
from generality.data.text_world.things import CHINESE

STATEMENTS = {
    "material": ("{s}是{v}做的。", "人们用{v}做{s}。", "做{s}需要{v}。"),
    "place": ("{s}在{v}里。", "人们把{s}放在{v}。", "去{v}找{s}。"),
    "user": ("{v}用{s}。", "{v}需要{s}。", "{s}是{v}的东西。"),
    "habitat": ("{s}住在{v}。", "在{v}能看到{s}。", "{v}里有{s}。"),
    "food": ("{s}吃{v}。", "{s}喜欢{v}。", "人们用{v}喂{s}。"),
    "shelter": ("{s}睡在{v}里。", "{s}晚上在{v}。", "{s}回到{v}休息。"),
}
REQUESTS = {
    "material": ("{s}是什么做的？", "告诉我{s}的材料。", "我想做{s}。"),
    "place": ("{s}在哪里？", "告诉我{s}的地方。", "我找不到{s}。"),
    "user": ("谁用{s}？", "告诉我谁需要{s}。", "{s}给谁？"),
    "habitat": ("{s}住在哪里？", "告诉我{s}的家。", "我想看{s}。"),
    "food": ("{s}吃什么？", "告诉我{s}的食物。", "我的{s}饿了。"),
    "shelter": ("{s}睡在哪里？", "告诉我{s}晚上在哪里。", "我的{s}累了。"),
}
GROUPS = {
    "material": ("什么是{v}做的？", "说出{v}做的东西。", "告诉我{v}做的东西。"),
    "place": ("{v}里有什么？", "说出{v}里的东西。", "告诉我{v}里有什么。"),
    "user": ("{v}用什么？", "说出{v}的东西。", "告诉我{v}的东西。"),
    "habitat": ("什么动物住在{v}？", "说出{v}的动物。", "告诉我{v}里的动物。"),
    "food": ("什么动物吃{v}？", "说出吃{v}的动物。", "告诉我吃{v}的动物。"),
    "shelter": ("什么动物睡在{v}？", "说出睡在{v}的动物。", "告诉我睡在{v}的动物。"),
}
SECOND = Language(
    words=CHINESE,
    space="",
    listed=("、", "和"),
    statements=STATEMENTS,
    requests=REQUESTS,
    groups=GROUPS,
    tasks={
        "describe": ("介绍{a}。", "说说{a}。", "你知道{a}吗？"),
        "story": ("写{a}和{b}的故事。", "说一个{a}和{b}的故事。", "{a}看到{b}。"),
        "translate": ("用英语说{a}。", "{a}的英语是什么？", "告诉我{a}的英语。"),
        "add": ("{a}加{b}是什么？", "告诉我{a}加{b}。", "{a}和{b}的和。"),
        "compare": ("{a}和{b}有什么不同？", "说说{a}和{b}的不同。", "告诉我{a}和{b}的不同。"),
    },
    answers={
        "list": ("{l}。", "有{l}。", "比如{l}。"),
        "story": (
            "有一天{a}来到{h}。",
            "它在找{f}，看到了{b}。",
            "{b}是{m}做的，是{u}的东西。",
            "{a}把{b}放在{s}里。",
        ),
        "translate": ("{a}的英语是{z}。", "英语是{z}。", "是{z}。"),
        "add": ("{a}加{b}是{n}。", "和是{n}。", "是{n}。"),
        "but": ("可是", "但是", "不同的是"),
    },
    openings=("好的，我来告诉你。", "这是一个好问题。", "当然，我很高兴回答。", "谢谢你的问题。"),
    closings=("希望能帮到你。", "还有问题请告诉我。", "这是重要的一点。", "祝你有好的一天。"),
    asides=("哦，", "我想", "你知道，", "嗯，", "哈哈，"),
    greetings=(
        ("你好吗？", "你好！我很好，谢谢。"),
        ("早上好。", "早上好！有什么问题？"),
        ("今天好累。", "休息一下，我们说说话。"),
        ("你能帮我吗？", "能，请说。"),
    ),
)
