"""Draw household things, tools and signs from parts, in a square of about -0.9 to 0.9."""

import numpy as np

from generality.data.picture_world.draws import Draws
from generality.data.picture_world.kinds import Part, Parts, domainnet, imagenet
from generality.data.picture_world.plane import Plane, common, cut, join, rim


@domainnet("star", "sun", "shape", "yellow yellow yellow red white", "yellow", "night night night table", 0.03)
def star(p: Plane, u: Draws) -> Parts:
    tip, inner, sector = u(0.78, 0.9), u(0.32, 0.46), np.float32(np.pi / 5)
    x, y = inner * np.sin(sector), inner * np.cos(sector)
    yield Part("main", p.folded(5.0).polygon((0.0, tip), (-x, y), (0.0, -tip), (x, y)))


@domainnet("sun", "star", "shape", "yellow yellow orange orange red", "orange yellow", "sky sky sky sea", 0.02)
def sun(p: Plane, u: Draws) -> Parts:
    rays, r = p.folded(u.whole(8, 12)), u(0.38, 0.48)
    w = u(0.05, 0.1)
    yield Part("second", rays.polygon((-w, r + 0.08), (w, r + 0.08), (0.0, u(0.78, 0.92))))
    yield Part("main", p.circle(0.0, 0.0, r))


@domainnet("mug", "vase", "container", "white red blue yellow green", "white brown", "table table room", 0.03)
def mug(p: Plane, u: Draws) -> Parts:
    w, h, foot = u(0.4, 0.52), u(0.5, 0.65), u(0.0, 0.1)
    handle = rim(p.ellipse(w, -0.05, u(0.24, 0.32), h * u(0.5, 0.62)), 0.07)
    yield Part("main", join(handle, p.polygon((foot - w, -h), (w - foot, -h), (w, h - 0.1), (-w, h - 0.1))))
    yield Part("second", common(p.box(0.0, u(-0.2, 0.0), 1.0, 0.09), p.box(0.0, 0.0, w - 0.1, h)), detail=True)
    yield Part("main", p.ellipse(0.0, h - 0.1, w, 0.14))
    yield Part("brown", p.ellipse(0.0, h - 0.1, w - 0.08, 0.08))


@domainnet("vase", "mug", "container", "blue white brown purple red", "yellow white blue", "table room room", 0.05)
def vase(p: Plane, u: Draws) -> Parts:
    belly, neck, lip, y = u(0.38, 0.52), u(0.13, 0.2), u(0.22, 0.34), u(-0.4, -0.15)
    foot = p.polygon((-0.28, -0.88), (0.28, -0.88), (belly * 0.7, y - 0.1), (-belly * 0.7, y - 0.1))
    throat = p.polygon((-belly * 0.6, y + 0.2), (belly * 0.6, y + 0.2), (neck, 0.5), (-neck, 0.5))
    mouth = p.polygon((-neck, 0.4), (neck, 0.4), (lip, 0.85), (-lip, 0.85))
    body = join(foot, p.ellipse(0.0, y, belly, 0.42), throat, mouth)
    yield Part("main", body)
    yield Part("second", common(body, p.box(0.0, y, 1.0, u(0.07, 0.14))), detail=True)
    yield Part("black", p.ellipse(0.0, 0.85, lip, 0.06))


@domainnet("key", "hammer", "tool", "yellow grey grey brown", "grey", "table table room street", 0.06)
def key(p: Plane, u: Draws) -> Parts:
    r = u(0.26, 0.34)
    ring = rim(np.where(u.chance(0.5), p.circle(-0.5, 0.0, r), p.box(-0.5, 0.0, r, r * 0.8)), 0.09)
    teeth = join(p.box(0.78, -0.17, 0.07, u(0.12, 0.2)), p.box(u(0.5, 0.58), -0.15, 0.06, u(0.1, 0.18)))
    yield Part("main", join(ring, p.box(0.3, 0.0, 0.58, 0.075), teeth))


@domainnet("hammer", "key", "tool", "brown brown yellow red", "grey black grey", "table table room grass", 0.12)
def hammer(p: Plane, u: Draws) -> Parts:
    w, y = u(0.07, 0.1), u(0.45, 0.55)
    yield Part("main", p.polygon((-w * 1.3, -0.9), (w * 1.3, -0.9), (w, y), (-w, y)))
    face = join(p.box(0.3, y, 0.22, 0.13), p.box(0.5, y, 0.08, 0.18))
    claw = p.polygon((0.15, y - 0.12), (0.15, y + 0.13), (-0.25, y + 0.13), (-u(0.6, 0.75), y - u(0.1, 0.3)))
    yield Part("second", join(face, claw))


@domainnet(
    "umbrella", "mushroom", "object", "red blue black yellow purple", "white black", "street street sand sky", 0.04
)
def umbrella(p: Plane, u: Draws) -> Parts:
    w, y, h = u(0.75, 0.9), u(-0.05, 0.1), u(0.6, 0.78)
    hook = common(rim(p.circle(0.13, -0.72, 0.13), 0.04), p.below(-0.72))
    yield Part("brown", join(p.box(0.0, -0.1, 0.04, 0.64), hook))
    dome = common(p.ellipse(0.0, y, w, h), p.above(y))
    half = p.mirrored()
    scallop = half.ellipse(w * 0.33, y, w * 0.33, 0.14)
    yield Part("main", cut(cut(dome, scallop), half.ellipse(w * 0.99, y, w * 0.33, 0.14)))
    panel = common(p.ellipse(0.0, y, w * 0.36, h * 0.96), p.above(y + 0.1))
    yield Part("second", panel, detail=True)
    yield Part("black", p.box(0.0, y + h, 0.03, 0.1))


@domainnet(
    "clock", "wheel", "object", "brown black red white grey", "white white yellow", "room room room street", 0.04
)
def clock(p: Plane, u: Draws) -> Parts:
    r, hour, minute = u(0.72, 0.86), u(0.0, 6.28), u(0.0, 6.28)
    yield Part("main", p.circle(0.0, 0.0, r))
    yield Part("second", p.circle(0.0, 0.0, r - u(0.1, 0.18)))
    ticks = p.folded(np.where(u.chance(0.5), np.float32(12), np.float32(4)))
    yield Part("black", ticks.box(0.0, r - 0.26, 0.035, 0.06), detail=True)
    hands = p.line(0.0, 0.0, 0.32 * np.sin(hour), 0.32 * np.cos(hour), 0.06)
    yield Part("black", join(hands, p.line(0.0, 0.0, 0.5 * np.sin(minute), 0.5 * np.cos(minute), 0.04)))


@domainnet("wheel", "clock", "object", "brown grey grey yellow", "black black brown", "street street grass room", 0.15)
def wheel(p: Plane, u: Draws) -> Parts:
    r, w = u(0.7, 0.8), u(0.08, 0.13)
    yield Part("main", p.folded(u.whole(6, 10)).box(0.0, r / 2, u(0.035, 0.06), r / 2))
    yield Part("main", p.circle(0.0, 0.0, u(0.14, 0.22)))
    yield Part("second", rim(p.circle(0.0, 0.0, r), w))


@imagenet("crown", "castle", "object", "yellow yellow yellow grey", "red blue purple", "table room table", 0.04)
def crown(p: Plane, u: Draws) -> Parts:
    half, flare, tip, notch = p.mirrored(), u(0.72, 0.88), u(0.45, 0.65), u(-0.1, 0.08)
    outer = half.polygon((0.25, -0.3), (0.62, -0.5), (flare, tip * 0.8), (0.36, notch))
    middle = half.polygon((-0.3, -0.5), (0.3, -0.5), (0.36, notch), (0.0, tip + 0.1))
    yield Part("main", join(outer, middle, p.box(0.0, -0.42, 0.64, 0.2)))
    balls = join(half.circle(flare, tip * 0.8 + 0.04, 0.09), half.circle(0.0, tip + 0.14, 0.1))
    yield Part("second", balls)
    yield Part("second", join(half.circle(0.0, -0.4, 0.09), half.circle(0.36, -0.4, 0.08)), detail=True)


@imagenet("chair", "table", "furniture", "brown brown red black", "brown red", "room room room grass", 0.20)
def chair(p: Plane, u: Draws) -> Parts:
    seat, top, w = u(-0.15, 0.0), u(0.75, 0.92), u(0.05, 0.08)
    legs = [
        p.line(x, seat, x + d, -0.88, w, w * 0.8) for x, d in ((-0.42, -0.06), (0.4, 0.06), (-0.18, 0.0), (0.6, 0.1))
    ]
    yield Part("main", join(*legs))
    lean = u(-0.15, 0.0)
    posts = p.polygon((-0.5, seat), (-0.36, seat), (-0.3 + lean, top), (-0.46 + lean, top))
    slats = [
        p.line(-0.42, seat + 0.3, 0.1, seat + 0.38, 0.07),
        p.line(-0.38 + lean, top - 0.12, 0.12 + lean, top, 0.08),
    ]
    back = p.polygon((0.04, seat + 0.1), (0.14, seat + 0.1), (0.18 + lean, top), (0.06 + lean, top))
    yield Part("main", join(posts, back, *slats))
    yield Part("second", p.polygon((-0.52, seat - 0.07), (0.46, seat - 0.07), (0.66, seat + 0.1), (-0.28, seat + 0.1)))


@imagenet("table", "chair", "furniture", "brown brown white black", "brown", "room room room street", 0.20)
def table(p: Plane, u: Draws) -> Parts:
    top, w, splay = u(0.1, 0.35), u(0.05, 0.09), u(-0.06, 0.12)
    half = p.mirrored()
    yield Part("main", half.line(0.46, top, 0.46 + splay, -0.5, w, w * 0.8))
    yield Part("main", half.line(0.68, top - 0.1, 0.7 + splay, -0.75, w, w * 0.8))
    yield Part("main", p.box(0.0, top - 0.14, 0.72, 0.08))
    yield Part("second", p.polygon((-0.9, top - 0.06), (0.9, top - 0.06), (0.64, top + 0.2), (-0.64, top + 0.2)))


@imagenet("lamp", "candle", "light", "yellow white red green", "brown yellow black", "room room table night", 0.05)
def lamp(p: Plane, u: Draws) -> Parts:
    low, wide, narrow = u(0.0, 0.18), u(0.48, 0.62), u(0.18, 0.32)
    yield Part("second", join(p.box(0.0, -0.3, 0.055, 0.5), p.ellipse(0.0, -0.8, u(0.28, 0.42), 0.12)))
    bulge = p.ellipse(0.0, -0.4, 0.16, u(0.12, 0.25))
    yield Part("second", np.where(u.chance(0.5), bulge, np.float32(9)))
    yield Part("main", p.polygon((-wide, low), (wide, low), (narrow, 0.85), (-narrow, 0.85)))


@imagenet(
    "candle", "lamp", "light", "white white red yellow purple", "yellow brown grey", "night night table room", 0.04
)
def candle(p: Plane, u: Draws) -> Parts:
    w, top, sway = u(0.14, 0.24), u(0.1, 0.35), u(-0.06, 0.06)
    yield Part("second", join(p.ellipse(0.0, -0.78, u(0.4, 0.55), 0.12), p.box(0.0, -0.68, w + 0.08, 0.1)))
    yield Part("main", p.box(0.0, (top - 0.68) / 2, w, (top + 0.68) / 2))
    yield Part("black", p.box(0.0, top + 0.06, 0.025, 0.08))
    flame = join(p.circle(0.0, top + 0.22, 0.13), p.polygon((-0.12, top + 0.25), (0.12, top + 0.25), (sway, top + 0.6)))
    yield Part("orange", flame)
    yield Part("yellow", p.ellipse(0.0, top + 0.22, 0.06, 0.1), detail=True)


@imagenet("teapot", "bottle", "container", "white blue brown red", "white yellow black", "table table room", 0.04)
def teapot(p: Plane, u: Draws) -> Parts:
    w, h = u(0.46, 0.54), u(0.38, 0.48)
    handle = rim(p.ellipse(-w - 0.06, -0.1, 0.26, u(0.26, 0.34)), 0.06)
    tip = u(0.22, 0.42)
    spout = join(p.line(w * 0.7, -0.3, 0.7, -0.05, 0.14, 0.09), p.line(0.7, -0.05, 0.88, tip, 0.09, 0.06))
    yield Part("main", join(handle, spout))
    yield Part("main", common(p.ellipse(0.0, -0.18, w, h), p.above(-0.55)))
    band = common(p.box(0.0, -0.2, 1.0, u(0.06, 0.12)), p.ellipse(0.0, -0.18, w - 0.02, h))
    yield Part("second", band, detail=True)
    lid = common(p.ellipse(0.0, h - 0.26, w * 0.62, u(0.16, 0.24)), p.above(h - 0.26))
    yield Part("main", lid)
    yield Part("second", p.circle(0.0, h + 0.0, 0.09))


@imagenet("bottle", "teapot", "container", "green green brown blue", "white yellow red", "table table sand room", 0.03)
def bottle(p: Plane, u: Draws) -> Parts:
    w, neck, shoulder = u(0.22, 0.34), u(0.08, 0.12), u(0.05, 0.25)
    slope = p.polygon((-w, shoulder), (w, shoulder), (neck, shoulder + 0.3), (-neck, shoulder + 0.3))
    body = p.box(0.0, (shoulder - 0.9) / 2, w, (shoulder + 0.9) / 2)
    yield Part("main", join(body, slope, p.box(0.0, 0.55, neck, 0.3)))
    yield Part("second", p.box(0.0, 0.84, neck + 0.03, 0.08))
    yield Part("second", p.box(0.0, u(-0.5, -0.35), w, u(0.15, 0.25)), detail=True)


@imagenet("scissors", "bicycle", "tool", "red orange black blue", "grey", "table table room", 0.03)
def scissors(p: Plane, u: Draws) -> Parts:
    spread, r = u(0.12, 0.4), u(0.18, 0.24)
    for turn in (spread, -spread):
        side = p.at(0.0, 0.0, turn)
        yield Part("second", side.polygon((-0.08, -0.1), (0.08, -0.1), (0.07, 0.5), (0.0, 0.92), (-0.06, 0.5)))
    for turn, x in ((spread, 0.08), (-spread, -0.08)):
        side = p.at(0.0, 0.0, turn)
        yield Part(
            "main", join(side.line(0.0, 0.0, x, -0.35, 0.06), rim(side.ellipse(x * 1.6, -0.6, r, r * 1.2), 0.065))
        )
    yield Part("black", p.circle(0.0, 0.0, 0.06), detail=True)


@imagenet("balloon", "bell", "object", "red yellow blue pink orange", "white", "sky sky room sky", 0.02)
def balloon(p: Plane, u: Draws) -> Parts:
    w, y, swing = u(0.42, 0.52), u(0.25, 0.35), u(-0.25, 0.25)
    yield Part("grey", join(p.line(0.0, y - 0.6, swing, -0.6, 0.03), p.line(swing, -0.6, -swing * 0.4, -0.92, 0.03)))
    cone = p.polygon((-w * 0.6, y - 0.32), (0.0, y - 0.7), (w * 0.6, y - 0.32))
    yield Part(
        "main", join(p.ellipse(0.0, y, w, 0.58), cone, p.polygon((-0.1, y - 0.72), (0.1, y - 0.72), (0.0, y - 0.5)))
    )
    yield Part("white", p.ellipse(-w * 0.45, y + 0.22, 0.08, 0.16, -0.4), detail=True)


@imagenet("bell", "balloon", "object", "yellow yellow brown grey", "brown yellow", "sky table sky snow", 0.05)
def bell(p: Plane, u: Draws) -> Parts:
    w, lip, swing = u(0.36, 0.44), u(0.62, 0.78), u(-0.2, 0.2)
    yield Part("second", rim(p.circle(0.0, 0.78, 0.12), 0.05))
    yield Part("second", p.circle(swing, -0.6, u(0.13, 0.18)))
    flare = p.polygon((-lip, -0.5), (lip, -0.5), (w, 0.0), (-w, 0.0))
    body = common(p.ellipse(0.0, 0.1, w, 0.6), p.above(-0.2))
    yield Part("main", join(flare, body, p.box(0.0, -0.5, lip + 0.04, 0.08)))
    yield Part("second", p.box(0.0, -0.25, w + 0.1, 0.04), detail=True)


@imagenet("spoon", "fork", "tool", "grey grey brown", "grey", "table table table", 0.02)
def spoon(p: Plane, u: Draws) -> Parts:
    w, h, y = u(0.22, 0.3), u(0.3, 0.38), 0.52
    yield Part("main", join(p.ellipse(0.0, y, w, h), p.line(0.0, y - h, 0.0, -0.88, 0.05, u(0.06, 0.12))))
    yield Part("white", p.ellipse(0.0, y + 0.02, w * 0.6, h * 0.65))


@imagenet("fork", "spoon", "tool", "grey grey brown", "grey", "table table table", 0.02)
def fork(p: Plane, u: Draws) -> Parts:
    w, low, tip = u(0.2, 0.27), u(0.2, 0.32), u(0.82, 0.92)
    half = p.mirrored()
    inner = np.where(u.chance(0.5), half.line(0.0, low, 0.0, tip, 0.045), half.line(w / 3, low, w / 3, tip, 0.045))
    palm = p.polygon((-w - 0.045, low), (-0.08, low - 0.3), (0.08, low - 0.3), (w + 0.045, low), (0.0, low + 0.06))
    yield Part(
        "main",
        join(half.line(w, low, w, tip, 0.045), inner, palm, p.line(0.0, low - 0.2, 0.0, -0.88, 0.05, u(0.06, 0.11))),
    )
