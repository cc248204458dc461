"""Draw buildings and vehicles from parts, in a square of about -0.9 to 0.9."""

import numpy as np

from generality.data.picture_world.draws import Draws
from generality.data.picture_world.kinds import Part, Parts, domainnet, imagenet
from generality.data.picture_world.plane import Plane, common, cut, join, rim


@domainnet("house", "church", "building", "brown red white yellow", "red brown grey", "grass grass street snow", 0.25)
def house(p: Plane, u: Draws) -> Parts:
    w, eave, top = u(0.5, 0.68), u(-0.05, 0.12), u(0.55, 0.8)
    yield Part("red", p.box(u(0.25, 0.4), top - 0.2, 0.08, 0.22), detail=True)
    yield Part("main", p.box(0.0, (eave - 0.75) / 2, w, (eave + 0.75) / 2))
    yield Part("second", p.polygon((-w - 0.14, eave), (w + 0.14, eave), (u(0.1, 0.3), top), (-u(0.1, 0.3), top)))
    door = u(-0.3, 0.05)
    yield Part("brown", p.box(door, -0.55, 0.11, 0.21))
    yield Part("glass", p.box(door + u(0.36, 0.45), -0.3, 0.12, 0.12))


@domainnet(
    "church", "house", "building", "white white grey brown", "grey black brown red", "sky grass snow street", 0.25
)
def church(p: Plane, u: Draws) -> Parts:
    x, w, top = u(-0.5, -0.25), u(0.17, 0.23), u(0.05, 0.25)
    eave = u(-0.32, -0.18)
    yield Part("main", p.box(0.15, (eave - 0.82) / 2, 0.62, (eave + 0.82) / 2))
    yield Part("second", p.polygon((-0.5, eave), (0.85, eave), (0.7, eave + 0.3), (-0.35, eave + 0.3)))
    yield Part("main", p.box(x, (top - 0.82) / 2, w, (top + 0.82) / 2))
    yield Part("second", p.polygon((x - w - 0.05, top), (x + w + 0.05, top), (x, top + 0.48)))
    cross = join(p.box(x, top + 0.60, 0.035, 0.16), p.box(x, top + 0.63, 0.10, 0.035))
    yield Part("yellow", cross)
    yield Part("brown", join(p.box(x, -0.68, 0.08, 0.14), p.circle(x, -0.54, 0.08)))
    step = u(0.25, 0.32)
    arches = [p.ellipse(x + 0.38 + step * i, eave - 0.25, 0.06, 0.14) for i in range(2)]
    yield Part("glass", join(*arches), detail=True)


@domainnet("car", "truck", "vehicle", "red blue black white grey", "grey", "street street street grass", 0.04)
def car(p: Plane, u: Draws) -> Parts:
    roof, front, back = u(0.25, 0.42), u(0.2, 0.35), u(-0.45, -0.3)
    cabin = p.polygon((-0.68, -0.05), (0.58, -0.05), (front, roof), (back, roof))
    yield Part("main", join(cabin, p.box(0.0, -0.22, 0.86, u(0.17, 0.22))))
    glass = p.polygon((-0.52, 0.0), (0.44, 0.0), (front - 0.04, roof - 0.08), (back + 0.04, roof - 0.08))
    yield Part("glass", cut(glass, p.box(u(-0.1, 0.05), 0.1, 0.04, 0.4)))
    r = u(0.17, 0.23)
    wheels = p.mirrored()
    yield Part("black", wheels.circle(0.48, -0.42, r))
    yield Part("grey", wheels.circle(0.48, -0.42, r * 0.45), detail=True)


@domainnet("truck", "car", "vehicle", "white red blue green", "blue red white yellow", "street street sand grass", 0.06)
def truck(p: Plane, u: Draws) -> Parts:
    cab, top = u(0.34, 0.42), u(0.45, 0.68)
    yield Part("second", p.box(-0.28, (top - 0.35) / 2, 0.6, (top + 0.35) / 2))
    nose = u(0.8, 0.92)
    yield Part("main", p.polygon((cab, -0.4), (nose, -0.4), (nose, -0.02), (nose - 0.14, 0.28), (cab, 0.28)))
    yield Part("glass", p.polygon((cab + 0.1, 0.0), (nose - 0.06, 0.0), (nose - 0.18, 0.2), (cab + 0.1, 0.2)))
    yield Part("black", p.box(0.0, -0.4, 0.86, 0.06))
    r = u(0.15, 0.20)
    places = (-0.62, u(-0.3, -0.15), 0.6)
    yield Part("black", join(*(p.circle(x, -0.5, r) for x in places)))
    yield Part("grey", join(*(p.circle(x, -0.5, r * 0.4) for x in places)), detail=True)


@imagenet("bus", "train", "vehicle", "red yellow yellow white", "white black blue", "street street street grass", 0.04)
def bus(p: Plane, u: Draws) -> Parts:
    top, low = u(0.36, 0.52), -0.42
    yield Part("main", p.box(0.0, (top + low) / 2, 0.88, (top - low) / 2))
    count = u.whole(4, 6)
    panes = p.points[:, 0] * (count / 1.6)
    panes = (np.abs(panes - np.floor(panes) - 0.5) - 0.36) * (1.6 / count)
    band = p.box(0.0, top - 0.26, 0.80, u(0.12, 0.16))
    yield Part("glass", common(panes, band))
    yield Part("second", p.box(0.0, u(-0.22, -0.12), 0.88, 0.05), detail=True)
    r = u(0.15, 0.19)
    yield Part("black", p.mirrored().circle(0.52, low, r))
    yield Part("grey", p.mirrored().circle(0.52, low, r * 0.4), detail=True)


@imagenet("train", "bus", "vehicle", "black green red grey", "red black yellow", "grass grass sand snow", 0.10)
def train(p: Plane, u: Draws) -> Parts:
    h, x, chimney = u(0.18, 0.24), u(-0.4, -0.25), u(0.45, 0.58)
    yield Part("black", p.polygon((0.5, -0.25), (0.58, -0.25), (0.64, chimney), (0.42, chimney)))
    yield Part("main", join(p.box(0.2, -0.05, 0.58, h), p.circle(0.76, -0.05, h)))
    yield Part("second", p.box(x - 0.22, 0.02, 0.28, 0.42))
    yield Part("main", p.box(x - 0.22, u(0.46, 0.54), 0.38, 0.07))
    yield Part("glass", p.box(x - 0.22, 0.2, 0.15, 0.13))
    yield Part("black", p.circle(0.2, 0.16, 0.10), detail=True)
    yield Part("second", p.polygon((0.78, -0.62), (0.95, -0.62), (0.82, -0.3), (0.7, -0.3)), detail=True)
    small = u(0.13, 0.16)
    yield Part("black", join(p.circle(x - 0.2, -0.48, 0.24), *(p.circle(v, -0.55, small) for v in (0.05, 0.38, 0.7))))
    yield Part("red", p.circle(x - 0.2, -0.48, 0.1), detail=True)


@imagenet("castle", "crown", "building", "grey grey brown white", "red blue grey", "grass sky grass snow", 0.30)
def castle(p: Plane, u: Draws) -> Parts:
    half, x, w, top = p.mirrored(), u(0.52, 0.62), u(0.2, 0.26), u(0.25, 0.45)
    wall = u(-0.2, 0.05)
    merlons = join(half.box(0.0, wall + 0.08, 0.06, 0.1), half.box(0.22, wall + 0.08, 0.06, 0.1))
    yield Part("main", join(p.box(0.0, (wall - 0.8) / 2, x, (wall + 0.8) / 2), merlons))
    yield Part("main", half.box(x, (top - 0.8) / 2, w, (top + 0.8) / 2))
    teeth = join(half.box(x - w + 0.05, top + 0.07, 0.07, 0.1), half.box(x + w - 0.05, top + 0.07, 0.07, 0.1))
    spire = half.polygon((x - w - 0.05, top), (x + w + 0.05, top), (x, top + 0.45))
    pointed = u.chance(0.5)
    yield Part("second", np.where(pointed, spire, np.float32(9)))
    yield Part("main", np.where(pointed, np.float32(9), teeth))
    yield Part("black", join(p.box(0.0, -0.65, 0.14, 0.16), p.circle(0.0, -0.5, 0.14)))
    yield Part("black", half.box(x, top - 0.25, 0.05, 0.1), detail=True)


@imagenet("bicycle", "scissors", "vehicle", "red blue black green", "black", "street street grass forest", 0.02)
def bicycle(p: Plane, u: Draws) -> Parts:
    r, y, w = u(0.3, 0.38), -0.35, u(0.035, 0.055)
    yield Part("black", rim(p.mirrored().circle(0.52, y, r), 0.05))
    seat, front = u(-0.3, -0.2), u(0.3, 0.38)
    frame = (
        p.line(-0.52, y, seat + 0.04, 0.15, w),
        p.line(-0.52, y, 0.0, y, w),
        p.line(0.0, y, seat, 0.3, w),
        p.line(0.0, y, front, 0.2, w),
        p.line(seat + 0.04, 0.17, front, 0.2, w),
        p.line(0.52, y, front - 0.04, 0.45, w),
    )
    yield Part("main", join(*frame))
    yield Part(
        "black", join(p.line(seat - 0.12, 0.33, seat + 0.1, 0.35, 0.06), p.line(front - 0.16, 0.5, front, 0.48, 0.05))
    )


@imagenet("rocket", "airplane", "vehicle", "white white grey red", "red red blue black", "sky night sky night", 0.03)
def rocket(p: Plane, u: Draws) -> Parts:
    w, low = u(0.2, 0.28), u(-0.5, -0.4)
    half = p.mirrored()
    flame = p.polygon((-w * 0.6, low), (0.0, low - u(0.3, 0.45)), (w * 0.6, low))
    yield Part("orange", flame)
    yield Part(
        "second", half.polygon((w * 0.5, low + 0.4), (w * 0.5, low), (w + 0.3, low - 0.18), (w + 0.22, low + 0.12))
    )
    hull = common(p.ellipse(0.0, low + 0.25, w * 1.15, 1.05), p.above(low))
    yield Part("main", hull)
    yield Part("second", common(hull, p.above(u(0.42, 0.55))))
    yield Part("glass", p.circle(0.0, u(0.1, 0.25), w * 0.5))


@imagenet("airplane", "rocket", "vehicle", "white white grey blue", "red blue grey", "sky sky sky street", 0.03)
def airplane(p: Plane, u: Draws) -> Parts:
    h, sweep, span = u(0.12, 0.17), u(0.2, 0.45), u(0.55, 0.75)
    yield Part("second", p.polygon((0.15, 0.0), (0.3 + sweep, span), (0.14 + sweep, span), (-0.2, 0.0)))
    tail = p.polygon((0.88, u(0.38, 0.52)), (0.72, 0.46), (0.48, 0.05), (0.8, 0.05))
    yield Part("second", tail)
    yield Part("main", join(p.ellipse(-0.1, 0.0, 0.8, h), p.line(-0.2, 0.0, 0.84, 0.06, h * 0.9, 0.05)))
    yield Part("second", p.polygon((-0.2, -0.06), (0.14 + sweep, -span), (0.3 + sweep, -span), (0.15, -0.06)))
    panes = join(*(p.circle(x, 0.05, 0.035) for x in (-0.35, -0.15, 0.05, 0.25)))
    yield Part("black", panes, detail=True)
    yield Part("glass", p.ellipse(-0.72, 0.05, 0.09, 0.05))
