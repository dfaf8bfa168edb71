"""Bundle adjustment: the Jacobian of one observation by either mode, mapped over all."""

import jax
import jax.numpy as jnp


def reprojection(camera, point, weight, feature):
    apart = point - camera[3:6]
    rotation = camera[:3]
    squared = jnp.sum(rotation * rotation)
    safe = jnp.where(squared > 0.0, squared, 1.0)
    angle = jnp.sqrt(safe)
    axis = rotation / angle
    cosine = jnp.cos(angle)
    turned = apart * cosine + jnp.cross(axis, apart) * jnp.sin(angle) + axis * jnp.dot(axis, apart) * (1.0 - cosine)
    seen = jnp.where(squared > 0.0, turned, apart + jnp.cross(rotation, apart))
    plane = seen[:2] / seen[2]
    radius = jnp.sum(plane * plane)
    stretched = camera[6] * (1.0 + radius * (camera[9] + radius * camera[10]))
    return weight * (plane * stretched + camera[7:9] - feature)


def residual_jacobians(mode):
    """``mode`` is ``jacrev`` or ``jacfwd``; the function returned gives blocks of shape (n, 2, 15)."""
    derivative = jax.vmap(getattr(jax, mode)(reprojection, argnums=(0, 1, 2)))

    def jacobians(cameras, points, weights, features, camera_of, point_of):
        by_camera, by_point, by_weight = derivative(cameras[camera_of], points[point_of], weights, features)
        return jnp.concatenate((by_camera, by_point, by_weight[:, :, None]), axis=2)

    return jacobians
