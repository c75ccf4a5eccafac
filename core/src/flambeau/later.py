"""Families of ops that load when one of their names is first used, and what stands in a name's place until then.

`FUNCTIONS` gives the functions of `flambeau` and `METHODS` the methods of Tensor that come with a module of
`flambeau.functions`; core/tests/test_later.py holds both against what the modules define. A backend takes in its
kernels of such a family when the first of them is looked up (`Backend.load_family`).
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from .errors import RegistryError

FUNCTIONS: dict[str, str] = {
    "angle": "angle conj_physical conj_physical_",
    "bessel": "i0 i0_",
    "conv": "channel_shuffle conv1d conv2d conv3d conv_tbc conv_transpose1d conv_transpose2d conv_transpose3d fold"
            " native_channel_shuffle pixel_shuffle pixel_unshuffle unfold",
    "decomposition": "cholesky eig geqrf lu lu_solve lu_unpack orgqr ormqr pca_lowrank qr svd svd_lowrank symeig",
    "digits": "frexp gcd gcd_ lcm lcm_ ldexp ldexp_ nextafter",
    "embedding": "embedding one_hot",
    "fft": "bartlett_window blackman_window hamming_window hann_window istft kaiser_window stft",
    "gamma": "digamma lgamma mvlgamma polygamma",
    "incomplete": "igamma igammac",
    "index.groups": "index_reduce segment_reduce",
    "index.places": "argwhere isin nonzero_static unravel_index",
    "loss": "binary_cross_entropy binary_cross_entropy_with_logits cosine_similarity cross_entropy huber_loss kl_div"
            " l1_loss mse_loss nll_loss pairwise_distance smooth_l1_loss",
    "matrix": "cholesky_inverse cholesky_solve det inverse logdet lstsq matrix_exp matrix_power pinverse slogdet solve"
              " triangular_solve",
    "movement.copies": "alias_copy as_strided_copy detach_copy diagonal_copy expand_copy narrow_copy permute_copy"
                       " select_copy slice_copy split_copy split_with_sizes_copy squeeze_copy t_copy transpose_copy"
                       " unbind_copy unfold_copy unsafe_chunk unsafe_split unsafe_split_with_sizes unsqueeze_copy"
                       " view_as_complex_copy view_as_real_copy view_copy",
    "movement.scatters": "as_strided_scatter diagonal_scatter fill select_scatter slice_scatter",
    "movement.sizes": "broadcast_shapes empty_permuted resize_as_",
    "normal": "erfinv",
    "pool": "adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d"
            " adaptive_max_pool3d avg_pool1d avg_pool2d avg_pool3d max_pool1d max_pool1d_with_indices max_pool2d"
            " max_pool2d_with_indices max_pool3d max_pool3d_with_indices",
    "random.variates": "binomial poisson",
    "reduce.distances": "dist frobenius_norm norm_except_dim pdist renorm",
    "reduce.histograms": "histogram histogramdd",
    "reduce.integrals": "cumulative_trapezoid gradient trapezoid trapz",
}
METHODS: dict[str, str] = {
    "decomposition": "cholesky eig geqrf lu lu_solve orgqr ormqr qr svd symeig",
    "angle": "angle conj_physical conj_physical_",
    "bessel": "i0 i0_",
    "digits": "frexp gcd gcd_ lcm lcm_ ldexp ldexp_ nextafter nextafter_",
    "fft": "istft stft",
    "gamma": "digamma digamma_ lgamma lgamma_ mvlgamma mvlgamma_ polygamma polygamma_",
    "incomplete": "igamma igamma_ igammac igammac_",
    "index.groups": "index_reduce index_reduce_",
    "index.places": "argwhere nonzero_static",
    "matrix": "cholesky_inverse cholesky_solve det inverse logdet lstsq matrix_exp matrix_power pinverse slogdet solve"
              " triangular_solve",
    "movement.copies": "narrow_copy unsafe_chunk unsafe_split unsafe_split_with_sizes",
    "movement.scatters": "as_strided_scatter diagonal_scatter fill_diagonal_ select_scatter slice_scatter",
    "movement.sizes": "sum_to_size",
    "normal": "erfinv erfinv_",
    "reduce.distances": "dist renorm renorm_",
    "reduce.histograms": "histogram",
}

# of `flambeau.switches`
SWITCHES = (
    "are_deterministic_algorithms_enabled compiled_with_cxx11_abi get_deterministic_debug_mode "
    "get_file_path get_float32_matmul_precision init_num_threads is_anomaly_check_nan_enabled "
    "is_anomaly_enabled is_deterministic_algorithms_warn_only_enabled is_distributed "
    "is_vulkan_available is_warn_always_enabled set_anomaly_enabled set_deterministic_debug_mode "
    "set_float32_matmul_precision set_flush_denormal set_warn_always sym_float sym_int sym_ite "
    "sym_max sym_min sym_not sym_sqrt sym_sum use_deterministic_algorithms "
)
# of `flambeau.amp.state`
AUTOCAST = (
    "autocast_decrement_nesting autocast_increment_nesting clear_autocast_cache get_autocast_cpu_dtype "
    "get_autocast_dtype get_autocast_gpu_dtype is_autocast_cache_enabled is_autocast_cpu_enabled is_autocast_enabled "
    "set_autocast_cache_enabled set_autocast_cpu_dtype set_autocast_cpu_enabled set_autocast_dtype "
    "set_autocast_enabled set_autocast_gpu_dtype "
)

# of `flambeau.aten`
ATEN = (
    "affine_grid_generator alpha_dropout alpha_dropout_ constant_pad_nd convolution cosine_embedding_loss "
    "ctc_loss feature_alpha_dropout feature_alpha_dropout_ grid_sampler grid_sampler_2d grid_sampler_3d "
    "gru gru_cell hinge_embedding_loss lstm lstm_cell margin_ranking_loss native_dropout "
    "native_group_norm native_layer_norm poisson_nll_loss rnn_relu rnn_relu_cell rnn_tanh rnn_tanh_cell "
    "triplet_margin_loss vander "
)


def lazy() -> dict[str, str]:
    """Every function that loads late by name, and where it is taken from (see `spelling.public`)."""
    places = {"switches": SWITCHES, "aten": ATEN, "amp.state": AUTOCAST}
    places |= {f"functions.{family}": names for family, names in FUNCTIONS.items()}
    return {name: f".{place}:{name}" for place, names in places.items() for name in names.split()}


def family_of(name: str) -> str | None:
    """The family that a function comes with; None where it is of none that loads late."""
    return next((family for family, names in FUNCTIONS.items() if name in names.split()), None)


class Later:
    """Stands on Tensor for a method whose family is not loaded: to ask for it loads the family."""

    __slots__ = ("family", "name")

    def __init__(self, family: str, name: str) -> None:
        self.family, self.name = family, name

    def __get__(self, instance: Any, owner: type) -> Any:
        import_module(f".functions.{self.family}", __package__)
        for cls in owner.__mro__:
            if isinstance(vars(cls).get(self.name), Later):
                raise RegistryError(f"flambeau.functions.{self.family} does not define the method", op=self.name)
        return getattr(owner if instance is None else instance, self.name)


def await_methods(tensor: type) -> None:
    """Puts a `Later` on the class of tensors for every method of `METHODS` that it does not have."""
    for family, names in METHODS.items():
        for name in names.split():
            if name not in vars(tensor):
                setattr(tensor, name, Later(family, name))


def load() -> None:
    """Loads every family, for those who go over the whole table."""
    from pkgutil import iter_modules

    for family in {**FUNCTIONS, **METHODS}:
        import_module(f".functions.{family}", __package__)
    ops = import_module(".ops", __package__)
    for module in iter_modules(ops.__path__):  # and ops that only `flambeau.special` gives names to
        import_module(f".ops.{module.name}", __package__)
