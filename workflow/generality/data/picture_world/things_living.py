"""Draw plants and animals from parts, in a square of about -0.9 to 0.9."""

import numpy as np

from generality.data.picture_world.draws import Draws
from generality.data.picture_world.kinds import Part, Parts, domainnet, imagenet
from generality.data.picture_world.plane import Plane, common, cut, join


@domainnet("apple", "pear", "fruit", "red red red green yellow", "green", "table table forest grass", 0.06)
def apple(p: Plane, u: Draws) -> Parts:
    w, h, gap = u(0.40, 0.50), u(0.48, 0.60), u(0.16, 0.24)
    yield Part("brown", p.line(0.0, 0.25, u(-0.15, 0.15), u(0.62, 0.85), 0.05))
    yield Part("green", p.ellipse(0.26, 0.64, 0.24, 0.10, u(0.1, 0.7)), detail=True)
    yield Part("main", join(p.ellipse(-gap, -0.12, w, h), p.ellipse(gap, -0.12, w, h)))


@domainnet("pear", "apple", "fruit", "green green yellow yellow brown", "green", "table table forest grass", 0.10)
def pear(p: Plane, u: Draws) -> Parts:
    lean, belly = u(-0.12, 0.12), u(0.42, 0.54)
    yield Part("brown", p.line(lean, 0.5, lean + u(-0.1, 0.12), u(0.78, 0.95), 0.05))
    yield Part("green", p.ellipse(lean + 0.22, 0.74, 0.20, 0.08, u(0.0, 0.6)), detail=True)
    top = u(0.22, 0.28)
    body = p.polygon((-belly * 0.93, -0.2), (belly * 0.93, -0.2), (lean + top, 0.36), (lean - top, 0.36))
    yield Part("main", join(p.ellipse(0.0, -0.36, belly, 0.44), body, p.circle(lean, 0.36, top)))


@domainnet("tree", "palm tree", "plant", "green green green orange brown", "green", "grass grass forest street", 0.35)
def tree(p: Plane, u: Draws) -> Parts:
    w, top = u(0.07, 0.13), u(0.25, 0.4)
    yield Part("brown", p.polygon((-w * 1.6, -0.88), (w * 1.6, -0.88), (w, 0.2), (-w, 0.2)))
    r = u(0.30, 0.40)
    crown = join(p.circle(-u(0.25, 0.38), 0.08, r), p.circle(u(0.25, 0.38), 0.08, r), p.circle(0.0, top, r + 0.08))
    fir = join(
        p.polygon((-0.58, -0.45), (0.58, -0.45), (0.0, 0.35)), p.polygon((-0.42, 0.05), (0.42, 0.05), (0.0, 0.88))
    )
    yield Part("main", np.where(u.chance(0.25), fir, crown))


@domainnet("palm tree", "tree", "plant", "green green green green yellow", "green", "sand sand sea sky", 0.25)
def palm_tree(p: Plane, u: Draws) -> Parts:
    bend, top = u(-0.3, 0.3), u(0.3, 0.45)
    low = p.line(bend * 0.3, -0.88, bend, -0.25, 0.10, 0.08)
    yield Part("brown", join(low, p.line(bend, -0.25, bend * 0.6, top, 0.08, 0.06)))
    crown = p.at(bend * 0.6, top)
    leaves, length = [], u(0.52, 0.66)
    for angle in (-0.55, 0.25, 1.1, 2.0, 2.9, 3.7):
        a = angle + u(-0.2, 0.2)
        x, y = length * np.cos(a), length * np.sin(a) * 0.9
        leaves.append(crown.line(0.0, 0.0, x * 0.6, y * 0.6 + 0.1, 0.06, 0.10))
        leaves.append(crown.line(x * 0.6, y * 0.6 + 0.1, x, y - 0.08, 0.10, 0.02))
    yield Part("main", join(*leaves))
    yield Part("brown", crown.circle(u(-0.1, 0.1), -0.08, 0.09), detail=True)


@domainnet(
    "flower", "butterfly", "plant", "red pink yellow white purple", "yellow brown", "grass grass forest table", 0.1
)
def flower(p: Plane, u: Draws) -> Parts:
    y, lean = u(0.18, 0.32), u(-0.15, 0.15)
    yield Part("green", p.line(lean, -0.9, 0.0, y, 0.05))
    yield Part("green", p.ellipse(lean + 0.2, -0.55, 0.22, 0.09, u(0.3, 0.8)), detail=True)
    head = p.at(0.0, y, u(0.0, 1.2)).folded(u.whole(5, 8))
    yield Part("main", head.ellipse(0.0, 0.33, u(0.14, 0.2), u(0.22, 0.27)))
    yield Part("second", p.circle(0.0, y, u(0.14, 0.2)))


@domainnet(
    "butterfly", "flower", "animal", "orange blue yellow purple white", "black yellow", "grass forest grass", 0.1
)
def butterfly(p: Plane, u: Draws) -> Parts:
    half, flap = p.mirrored(), u(0.35, 0.65)
    upper = half.ellipse(0.44, 0.30, 0.48, u(0.26, 0.34), flap)
    lower = half.ellipse(0.34, -0.36, u(0.32, 0.4), 0.25, -flap - 0.1)
    yield Part("main", join(upper, lower))
    yield Part("second", half.circle(0.52, 0.36, u(0.10, 0.16)), detail=True)
    yield Part("second", half.circle(0.38, -0.40, u(0.08, 0.13)), detail=True)
    yield Part("black", p.ellipse(0.0, 0.0, 0.08, 0.52))
    yield Part("black", half.line(0.02, 0.45, u(0.18, 0.3), 0.86, 0.025), detail=True)


@domainnet(
    "mushroom", "umbrella", "plant", "red red brown white", "white white yellow", "forest forest forest grass", 0.12
)
def mushroom(p: Plane, u: Draws) -> Parts:
    w, y, h, stem = u(0.58, 0.8), u(-0.1, 0.1), u(0.55, 0.75), u(0.15, 0.24)
    yield Part("white", p.polygon((-stem * 1.3, -0.82), (stem * 1.3, -0.82), (stem, y), (-stem, y)))
    cap = common(p.ellipse(0.0, y, w, h), p.above(y - 0.06))
    yield Part("main", cap)
    dots = ((-0.32, 0.22, 0.11), (0.08, 0.42, 0.12), (0.38, 0.2, 0.09), (-0.02, 0.12, 0.08))
    spots = [p.circle(x * w / 0.7 + u(-0.06, 0.06), y + dy * h / 0.65, r) for x, dy, r in dots]
    yield Part("second", common(join(*spots), cap), detail=True)


@domainnet("fish", "whale", "animal", "orange yellow blue grey red", "yellow orange white", "sea sea sea table", 0.15)
def fish(p: Plane, u: Draws) -> Parts:
    h, fork = u(0.28, 0.42), u(0.28, 0.42)
    tail = cut(p.polygon((0.35, 0.0), (0.88, -fork), (0.88, fork)), p.polygon((0.9, -0.2), (0.9, 0.2), (0.7, 0.0)))
    yield Part("second", join(tail, p.polygon((-0.25, h * 0.7), (0.3, h * 0.6), (0.25, h + 0.22), (0.0, h + 0.2))))
    yield Part("main", p.ellipse(-0.15, 0.0, 0.64, h))
    stripe = common(p.box(u(-0.05, 0.15), 0.0, 0.06, 1.0), p.ellipse(-0.15, 0.0, 0.6, h - 0.03))
    yield Part("second", stripe, detail=True)
    yield Part("second", p.polygon((-0.1, -0.05), (0.12, -0.25), (0.14, 0.0)), detail=True)
    yield Part("white", p.circle(-0.5, h * 0.25, 0.11))
    yield Part("black", p.circle(-0.52, h * 0.25, 0.06))


@domainnet("whale", "fish", "animal", "blue blue grey black", "white", "sea sea sea sky", 0.06)
def whale(p: Plane, u: Draws) -> Parts:
    h, lift = u(0.42, 0.54), u(0.25, 0.5)
    stem = p.line(0.2, -0.2, 0.76, lift, 0.28, 0.05)
    fluke = p.at(0.76, lift, u(-0.3, 0.1)).mirrored().line(0.0, 0.0, 0.22, 0.16, 0.08, 0.04)
    body = common(join(p.ellipse(-0.2, -0.15, 0.66, h), stem), p.above(-0.15 - h * 0.72))
    yield Part("main", join(body, fluke))
    yield Part("white", common(p.ellipse(-0.32, -0.15, 0.5, h), p.below(-0.15 - h * u(0.25, 0.4)), body))
    yield Part("main", p.ellipse(-0.05, -0.42, 0.2, 0.08, u(-0.9, -0.5)), detail=True)
    yield Part("black", p.circle(-0.56, -0.12, 0.06))
    spout = p.at(-0.3, h - 0.12).mirrored()
    yield Part("glass", join(spout.line(0.0, 0.0, 0.05, 0.22, 0.04), spout.line(0.05, 0.22, 0.2, 0.26, 0.05)), True)


@domainnet(
    "bird", "duck", "animal", "brown blue red yellow black", "white yellow brown", "forest sky forest grass", 0.22
)
def bird(p: Plane, u: Draws) -> Parts:
    tilt, hx, hy = u(0.4, 0.75), u(0.32, 0.42), u(0.42, 0.52)
    legs = [p.line(x, -0.4, x + u(-0.05, 0.1), -0.85, 0.03) for x in (-0.05, 0.12)]
    yield Part("orange", join(*legs))
    yield Part("main", p.polygon((-0.35, -0.05), (-0.9, -u(0.3, 0.55)), (-0.78, -0.62), (-0.2, -0.35)))
    yield Part("orange", p.polygon((hx + 0.12, hy - 0.1), (hx + u(0.42, 0.52), hy - 0.04), (hx + 0.12, hy + 0.1)))
    yield Part("main", join(p.ellipse(0.0, -0.05, 0.52, 0.34, tilt), p.circle(hx, hy, 0.23)))
    yield Part("second", common(p.ellipse(0.24, 0.02, 0.2, 0.32, tilt - 0.6), p.ellipse(0.0, -0.05, 0.5, 0.32, tilt)))
    yield Part("second", p.ellipse(-0.18, -0.12, 0.36, 0.15, tilt + u(-0.1, 0.2)))
    yield Part("black", p.circle(hx + 0.05, hy + 0.05, 0.05))


@domainnet("duck", "bird", "animal", "yellow white brown white", "brown white green", "sea sea grass snow", 0.15)
def duck(p: Plane, u: Draws) -> Parts:
    hx, hy = u(0.36, 0.5), u(0.42, 0.6)
    bill = p.polygon((hx + 0.1, hy - 0.14), (hx + 0.46, hy - 0.15), (hx + 0.46, hy - 0.06), (hx + 0.1, hy + 0.05))
    yield Part("orange", bill)
    body = common(p.ellipse(-0.1, -0.22, 0.72, 0.46), p.below(0.02))
    tail = p.polygon((-0.8, -0.2), (-0.4, -0.4), (-0.35, 0.0), (-0.9, u(0.15, 0.3)))
    neck = p.line(0.36, -0.2, hx - 0.02, hy, 0.22, 0.17)
    yield Part("main", join(body, tail, neck, p.circle(hx, hy, 0.23)))
    yield Part("second", common(p.ellipse(-0.2, -0.2, u(0.36, 0.44), 0.24), p.below(-0.06)))
    yield Part("black", p.circle(hx + 0.06, hy + 0.06, 0.05))


@imagenet("lemon", "strawberry", "fruit", "yellow yellow yellow green", "green", "table table forest", 0.10)
def lemon(p: Plane, u: Draws) -> Parts:
    h, tip = u(0.42, 0.52), u(0.72, 0.84)
    yield Part("green", p.ellipse(0.74, 0.3, 0.26, 0.1, u(0.6, 1.2)), detail=True)
    nubs = join(p.ellipse(tip, 0.0, 0.16, 0.13), p.ellipse(-tip, 0.0, 0.14, 0.11))
    yield Part("main", join(p.ellipse(0.0, 0.0, 0.72, h), nubs))
    yield Part("white", p.ellipse(-0.25, h * 0.45, 0.14, 0.07, 0.4), detail=True)


@imagenet("strawberry", "lemon", "fruit", "red red red red pink", "green", "table grass table", 0.10)
def strawberry(p: Plane, u: Draws) -> Parts:
    w, tip = u(0.48, 0.6), u(0.78, 0.92)
    taper = p.polygon((-w * 0.92, 0.1), (-0.1, -tip), (0.1, -tip), (w * 0.92, 0.1), (0.0, 0.4))
    yield Part("main", join(p.ellipse(-w * 0.4, 0.18, w * 0.6, 0.34), p.ellipse(w * 0.4, 0.18, w * 0.6, 0.34), taper))
    spots = ((-0.28, 0.12), (0.28, 0.12), (0.0, 0.02), (-0.18, -0.2), (0.18, -0.2), (0.0, -0.45))
    yield Part("yellow", join(*(p.ellipse(x, y, 0.05, 0.07) for x, y in spots)), detail=True)
    leaf, droop = p.mirrored(), u(-0.35, 0.05)
    leaves = join(leaf.ellipse(0.22, 0.5, 0.28, 0.10, droop), leaf.ellipse(0.1, 0.58, 0.2, 0.09, 0.8))
    yield Part("second", join(leaves, p.box(0.0, 0.72, 0.04, 0.14)))


@imagenet("shark", "dolphin", "animal", "grey grey blue", "white", "sea sea sea", 0.05)
def shark(p: Plane, u: Draws) -> Parts:
    h, fin, tail = u(0.22, 0.28), u(0.42, 0.6), u(0.35, 0.5)
    body = join(
        p.polygon((-0.95, 0.05), (-0.4, -h), (0.2, -h), (0.75, 0.0), (0.2, h * 0.9), (-0.5, h)),
        p.polygon((0.6, 0.0), (0.72, -0.06), (0.92, tail), (0.86, tail)),
        p.polygon((0.62, 0.04), (0.78, -tail * 0.7), (0.84, -tail * 0.7), (0.74, 0.04)),
        p.polygon((-0.25, 0.15), (0.15, 0.15), (0.14, fin), (0.06, fin)),
        p.polygon((-0.3, -0.12), (-0.05, -fin), (0.02, -fin), (0.0, -0.12)),
    )
    yield Part("main", body)
    belly = common(p.polygon((-0.9, 0.0), (-0.4, -h), (0.2, -h), (0.6, -0.04)), body)
    yield Part("second", belly)
    gills = [p.line(x, -0.06, x - 0.03, 0.1, 0.02) for x in (-0.42, -0.34)]
    yield Part("black", join(*gills), detail=True)
    yield Part("black", p.circle(-0.68, 0.07, 0.05))


@imagenet("dolphin", "shark", "animal", "grey blue blue", "white", "sea sea sky", 0.03)
def dolphin(p: Plane, u: Draws) -> Parts:
    arch = u(0.05, 0.25)
    y = arch - 0.1
    body = join(
        p.line(-0.5, y - 0.08, 0.0, y + 0.12, 0.21, 0.25),
        p.line(0.0, y + 0.12, 0.66, -arch - 0.2, 0.25, 0.06),
        p.line(-0.5, y - 0.12, -0.88, y - 0.3, 0.12, 0.045),
    )
    fluke = p.at(0.68, -arch - 0.24, u(-0.9, -0.3)).mirrored().line(0.0, 0.0, 0.24, -0.1, 0.07, 0.03)
    dorsal = p.polygon((-0.05, y + 0.25), (0.25, y + 0.2), (0.34, y + u(0.5, 0.62)))
    flipper = p.line(-0.15, y - 0.05, 0.05, y - u(0.35, 0.45), 0.09, 0.03)
    yield Part("main", join(body, fluke, dorsal, flipper))
    yield Part("second", common(p.ellipse(-0.3, y - 0.2, 0.5, 0.14, 0.35), body))
    yield Part("black", p.circle(-0.5, y, 0.05))


@imagenet("penguin", "owl", "animal", "black black black grey", "white", "snow snow snow sea", 0.06)
def penguin(p: Plane, u: Draws) -> Parts:
    half, w, flap = p.mirrored(), u(0.36, 0.46), u(-0.5, 0.1)
    yield Part("orange", half.ellipse(0.18, -0.86, 0.17, 0.07))
    yield Part("main", half.ellipse(w + 0.08, -0.1, 0.11, 0.36, -flap + 0.1))
    yield Part("main", join(p.ellipse(0.0, -0.25, w, 0.6), p.ellipse(0.0, 0.52, 0.28, 0.3)))
    yield Part("second", p.ellipse(0.0, -0.32, w * 0.68, 0.48))
    yield Part("second", half.circle(0.12, 0.56, 0.11))
    yield Part("black", half.circle(0.11, 0.57, 0.05))
    yield Part("orange", p.polygon((0.0, u(0.22, 0.32)), (0.1, 0.48), (-0.1, 0.48)))


@imagenet("owl", "penguin", "animal", "brown brown grey white", "yellow brown white", "forest forest night night", 0.30)
def owl(p: Plane, u: Draws) -> Parts:
    half, w = p.mirrored(), u(0.46, 0.56)
    ears = half.polygon((0.1, 0.5), (w * 0.85, 0.4), (w * 0.8, u(0.82, 0.95)))
    yield Part("orange", half.ellipse(0.16, -0.84, 0.12, 0.07))
    yield Part("main", join(ears, p.ellipse(0.0, -0.22, w, 0.62), p.ellipse(0.0, 0.36, w * 0.95, 0.38)))
    yield Part("second", p.ellipse(0.0, -0.38, w * 0.6, 0.4))
    yield Part("main", half.ellipse(w, -0.25, 0.14, 0.44, 0.15))
    r = u(0.18, 0.23)
    yield Part("white", half.circle(0.22, 0.38, r))
    yield Part("black", half.circle(0.2, 0.38, r * 0.5))
    yield Part("orange", p.polygon((0.0, 0.08), (0.08, 0.26), (-0.08, 0.26)))
