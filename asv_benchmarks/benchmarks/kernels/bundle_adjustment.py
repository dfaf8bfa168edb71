"""Bundle adjustment: where cameras see points, and where they should; the objective "BA" of the suite ADBench.

A camera has eleven numbers: rotation (3, axis times angle), centre (3), focal length, principal point (2), radial
distortion (2). An observation has a camera, a point, a weight and a feature; its residual has 2 numbers, and its
Jacobian 11 + 3 + 1 columns.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

PARAMETERS = 15


def reprojection(camera, point, weight, feature):
    """weight times (projection - feature); shapes (11,), (3,), number, (2,); returns shape (2,)."""
    x = point[0] - camera[3]
    y = point[1] - camera[4]
    z = point[2] - camera[5]
    squared = camera[0] * camera[0] + camera[1] * camera[1] + camera[2] * camera[2]
    if squared > 0.0:
        angle = math.sqrt(squared)
        cosine = math.cos(angle)
        sine = math.sin(angle)
        a = camera[0] / angle
        b = camera[1] / angle
        c = camera[2] / angle
        along = (a * x + b * y + c * z) * (1.0 - cosine)
        seen_x = x * cosine + (b * z - c * y) * sine + a * along
        seen_y = y * cosine + (c * x - a * z) * sine + b * along
        seen_z = z * cosine + (a * y - b * x) * sine + c * along
    else:
        seen_x = x + camera[1] * z - camera[2] * y
        seen_y = y + camera[2] * x - camera[0] * z
        seen_z = z + camera[0] * y - camera[1] * x
    u = seen_x / seen_z
    v = seen_y / seen_z
    radius = u * u + v * v
    stretched = camera[6] * (1.0 + radius * (camera[9] + radius * camera[10]))
    residual = np.empty(2)
    residual[0] = weight * (u * stretched + camera[7] - feature[0])
    residual[1] = weight * (v * stretched + camera[8] - feature[1])
    return residual


def reprojection_jacobian_by_hand(camera, point, weight, feature):
    """The derivatives of ``reprojection`` by camera, point and weight: shapes (2, 11), (2, 3) and (2,).

    One reverse sweep for each of the two results, over one forward sweep.
    """
    by_camera = np.empty((2, 11))
    by_point = np.empty((2, 3))
    by_weight = np.empty(2)
    x = point[0] - camera[3]
    y = point[1] - camera[4]
    z = point[2] - camera[5]
    squared = camera[0] * camera[0] + camera[1] * camera[1] + camera[2] * camera[2]
    angle = math.sqrt(squared)
    inverse = 1.0 / angle if squared > 0.0 else 1.0
    cosine = math.cos(angle)
    sine = math.sin(angle) if squared > 0.0 else 1.0
    a = camera[0] * inverse
    b = camera[1] * inverse
    c = camera[2] * inverse
    dot = a * x + b * y + c * z
    versine = 1.0 - cosine
    cross_x = b * z - c * y
    cross_y = c * x - a * z
    cross_z = a * y - b * x
    seen_x = x * cosine + cross_x * sine + a * dot * versine
    seen_y = y * cosine + cross_y * sine + b * dot * versine
    seen_z = z * cosine + cross_z * sine + c * dot * versine
    nearness = 1.0 / seen_z
    u = seen_x * nearness
    v = seen_y * nearness
    radius = u * u + v * v
    factor = 1.0 + radius * (camera[9] + radius * camera[10])
    stretched = camera[6] * factor
    bend = 2.0 * camera[6] * (camera[9] + 2.0 * radius * camera[10])
    for row in range(2):
        own = u if row == 0 else v
        scaled = weight * own
        u_bar = scaled * bend * u
        v_bar = scaled * bend * v
        if row == 0:
            u_bar += weight * stretched
        else:
            v_bar += weight * stretched
        gx = u_bar * nearness
        gy = v_bar * nearness
        gz = -(gx * u + gy * v)
        pulled = a * gx + b * gy + c * gz
        x_bar = cosine * gx + sine * (gy * c - gz * b) + versine * pulled * a
        y_bar = cosine * gy + sine * (gz * a - gx * c) + versine * pulled * b
        z_bar = cosine * gz + sine * (gx * b - gy * a) + versine * pulled * c
        a_bar = sine * (y * gz - z * gy) + versine * (dot * gx + pulled * x)
        b_bar = sine * (z * gx - x * gz) + versine * (dot * gy + pulled * y)
        c_bar = sine * (x * gy - y * gx) + versine * (dot * gz + pulled * z)
        turned = 0.0
        if squared > 0.0:
            angle_bar = cosine * (cross_x * gx + cross_y * gy + cross_z * gz)
            angle_bar += sine * (dot * pulled - x * gx - y * gy - z * gz)
            turned = angle_bar - (a * a_bar + b * b_bar + c * c_bar) * inverse
        by_camera[row, 0] = a_bar * inverse + turned * a
        by_camera[row, 1] = b_bar * inverse + turned * b
        by_camera[row, 2] = c_bar * inverse + turned * c
        by_camera[row, 3] = -x_bar
        by_camera[row, 4] = -y_bar
        by_camera[row, 5] = -z_bar
        by_camera[row, 6] = scaled * factor
        by_camera[row, 7] = weight if row == 0 else 0.0
        by_camera[row, 8] = weight if row == 1 else 0.0
        by_camera[row, 9] = scaled * camera[6] * radius
        by_camera[row, 10] = by_camera[row, 9] * radius
        by_point[row, 0] = x_bar
        by_point[row, 1] = y_bar
        by_point[row, 2] = z_bar
        by_weight[row] = own * stretched + camera[7 + row] - feature[row]
    return by_camera, by_point, by_weight


def residuals(cameras, points, weights, features, camera_of, point_of):
    """The residuals of all observations, shape (n, 2)."""
    found = np.empty((weights.shape[0], 2))
    for i in range(weights.shape[0]):
        found[i] = _reprojection(cameras[camera_of[i]], points[point_of[i]], weights[i], features[i])
    return found


def residual_jacobians(mode: Any = None) -> Any:
    """A compiled function of the arguments of ``residuals``: the Jacobians of all observations, shape (n, 2, 15).

    Each is one call of ``jitad.jacrev``, ``jitad.jacfwd``, or of what is written by hand.
    """
    derivative = mode(reprojection, argnums=(0, 1, 2)) if mode else _by_hand

    @njit(error_model="numpy")
    def jacobians(cameras, points, weights, features, camera_of, point_of):
        found = np.empty((weights.shape[0], 2, PARAMETERS))
        for i in range(weights.shape[0]):
            by_camera, by_point, by_weight = derivative(
                cameras[camera_of[i]], points[point_of[i]], weights[i], features[i]
            )
            for row in range(2):
                for column in range(11):
                    found[i, row, column] = by_camera[row, column]
                for column in range(3):
                    found[i, row, 11 + column] = by_point[row, column]
                found[i, row, 14] = by_weight[row]
        return found

    return jacobians


def bundle_inputs(cameras: int = 49, points: int = 7_776, observations: int = 31_843) -> tuple[Any, ...]:
    """As many of each as in the suite's smallest problem; the cameras look at a cloud of points from a distance."""
    rng = np.random.default_rng(15)
    centres = np.array([0.0, 0.0, -8.0]) + 0.5 * rng.normal(size=(cameras, 3))
    lenses = np.column_stack((rng.uniform(400.0, 600.0, cameras), rng.normal(size=(cameras, 2))))
    distortions = np.column_stack((-1e-1 * rng.uniform(size=cameras), 1e-2 * rng.uniform(size=cameras)))
    return (
        np.column_stack((0.1 * rng.normal(size=(cameras, 3)), centres, lenses, distortions)),
        rng.normal(size=(points, 3)),
        rng.uniform(0.5, 1.0, observations),
        50.0 * rng.normal(size=(observations, 2)),
        rng.integers(0, cameras, observations),
        rng.integers(0, points, observations),
    )


_reprojection = njit(error_model="numpy")(reprojection)
_by_hand = njit(error_model="numpy")(reprojection_jacobian_by_hand)
