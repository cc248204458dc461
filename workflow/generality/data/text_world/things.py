"""Everyday life in both languages: things by group, animals, and the values that their facts may have."""

from generality.data.text_world.lists import phrases, table, words

# Groups by name: the materials that their things may have, and the things with their purposes. Each material is in
# three groups, so that no material is likelier than another.
GROUPS = {
    "kitchen thing": (
        "metal wood glass clay stone",
        "knife:cut bread,pot:boil soup,spoon:stir tea,bowl:mix dough,plate:serve fish,jug:pour milk,mortar:crush salt,"
        "tray:carry cups,jar:store honey,ladle:share stew,grater:shred cheese,mug:drink coffee",
    ),
    "tool": (
        "metal wood stone rubber plastic",
        "hammer:drive nails,shovel:dig holes,rake:gather leaves,saw:cut planks,bucket:carry water,ladder:reach roofs,"
        "wrench:turn bolts,brush:paint walls,drill:bore holes,wheel:move loads,hose:water plants,trowel:lay bricks",
    ),
    "garment": (
        "wool leather rubber paper plastic",
        "coat:stay warm,boot:cross mud,glove:protect hands,hat:block rain,belt:hold trousers,scarf:cover the neck,"
        "mask:hide the face,sock:warm feet,vest:cover the chest,cape:look grand,mitten:hold snow,sandal:walk on sand",
    ),
    "toy": (
        "clay wool paper rubber plastic",
        "ball:play catch,doll:play house,kite:catch wind,puzzle:train the mind,drum:make noise,puppet:tell stories,"
        "marble:roll on floors,balloon:decorate parties,whistle:call friends,card:play games,top:spin around,"
        "robot:scare friends",
    ),
    "piece of furniture": (
        "metal wood glass stone leather",
        "table:eat dinner,chair:sit down,shelf:store books,lamp:light rooms,bed:rest at night,mirror:see yourself,"
        "bench:wait outside,desk:write letters,sofa:watch films,door:close rooms,clock:tell time,chest:hide gold",
    ),
    "travel thing": (
        "glass clay leather wool paper",
        "bag:carry clothes,bottle:keep drinks,map:find roads,tent:sleep outdoors,blanket:cover a bed,flask:save tea,"
        "purse:keep coins,ticket:ride trains,lantern:walk at night,saddle:ride horses,compass:find north,"
        "pillow:rest the head",
    ),
}
# Each thing's group and purpose.
OBJECTS = {
    name: (group, purpose) for group, (_, things) in GROUPS.items() for name, purpose in table(phrases(things)).items()
}
# Every word of the second language; the rest of the world has no name in it.
CHINESE = table(
    words(
        "knife:刀 pot:锅 spoon:勺 bowl:碗 plate:盘 jug:壶 mortar:臼 tray:托盘 jar:罐 ladle:长勺 grater:刨 mug:杯 "
        "hammer:锤 shovel:铲 rake:耙 saw:锯 bucket:桶 ladder:梯 wrench:扳手 brush:刷 drill:钻 wheel:轮 hose:水管 "
        "trowel:泥刀 coat:大衣 boot:靴 glove:手套 hat:帽 belt:腰带 scarf:围巾 mask:面具 sock:袜 vest:背心 cape:斗篷 "
        "mitten:连指手套 sandal:凉鞋 ball:球 doll:娃娃 kite:风筝 puzzle:拼图 drum:鼓 puppet:木偶 marble:弹珠 "
        "balloon:气球 whistle:哨 card:卡片 top:陀螺 robot:机器人 table:桌 chair:椅 shelf:架 lamp:灯 bed:床 mirror:镜 "
        "bench:长椅 desk:书桌 sofa:沙发 door:门 clock:钟 chest:箱 bag:包 bottle:瓶 map:地图 tent:帐篷 blanket:毯 "
        "flask:水壶 purse:钱包 ticket:票 lantern:灯笼 saddle:鞍 compass:指南针 pillow:枕 fox:狐狸 wolf:狼 bear:熊 "
        "deer:鹿 hare:野兔 mouse:老鼠 badger:獾 squirrel:松鼠 horse:马 cow:牛 sheep:羊 goat:山羊 pig:猪 dog:狗 "
        "cat:猫 lion:狮 tiger:虎 zebra:斑马 camel:骆驼 monkey:猴 hen:母鸡 duck:鸭 goose:鹅 swan:天鹅 crow:乌鸦 "
        "hawk:鹰 pigeon:鸽 parrot:鹦鹉 frog:蛙 snake:蛇 lizard:蜥蜴 turtle:龟 crab:蟹 seal:海豹 whale:鲸 shark:鲨 "
        "bee:蜂 beetle:甲虫 spider:蜘蛛 snail:蜗牛 metal:金属 wood:木头 glass:玻璃 clay:陶土 stone:石头 rubber:橡胶 "
        "plastic:塑料 wool:羊毛 leather:皮革 paper:纸 kitchen:厨房 cellar:地窖 garage:车库 barn:谷仓 hall:大厅 "
        "bedroom:卧室 attic:阁楼 garden:花园 school:学校 cabin:小屋 shop:商店 tower:塔 baker:面包师 farmer:农民 "
        "sailor:水手 tailor:裁缝 teacher:老师 painter:画家 miner:矿工 hunter:猎人 doctor:医生 dancer:舞者 judge:法官 "
        "monk:和尚 forest:森林 desert:沙漠 "
        "sea:大海 river:河 mountain:山 meadow:草地 swamp:沼泽 city:城市 grass:草 seeds:种子 fish:鱼 worms:虫子 "
        "berries:浆果 nuts:坚果 roots:根 meat:肉 mushrooms:蘑菇 fruit:水果 "
        "cave:洞 nest:巢 burrow:地洞 bush:灌木 stable:马厩 pond:池塘 "
        "tree:树 ditch:沟"
    )
)
# Animals by kind.
FAUNA = [
    words(kind)
    for kind in phrases(
        "fox wolf bear badger squirrel,deer hare mouse goat horse,cow sheep pig dog cat,lion tiger zebra camel monkey,"
        "hen duck goose swan pigeon,crow hawk parrot bee beetle,frog snake lizard spider snail,"
        "turtle crab seal whale shark"
    )
]
ANIMALS = [animal for kind in FAUNA for animal in kind]
MATERIALS = words("metal wood glass clay stone rubber plastic wool leather paper")
POOLS = {
    "place": words("kitchen cellar garage barn hall bedroom attic garden school cabin shop tower"),
    "user": words("baker farmer sailor tailor teacher painter miner hunter doctor dancer judge monk"),
    "habitat": words("forest desert sea river mountain meadow swamp city"),
    "food": words("grass seeds fish worms berries nuts roots meat mushrooms fruit"),
    "shelter": words("cave nest burrow bush stable pond tree ditch"),
}
# The outcome for each material in four situations; five outcomes belong to two materials each.
SITUATIONS = {
    "fire": ("in a fire", "glows burns cracks cracks glows melts melts burns smokes smokes"),
    "water": ("in water", "sinks floats shines softens sinks floats shines shrinks shrinks softens"),
    "fall": ("when it falls", "rings bounces shatters shatters splits bounces rings flutters splits flutters"),
    "sun": ("in the sun", "heats fades sparkles dries heats stinks fades dries stinks sparkles"),
}
