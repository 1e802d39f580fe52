import pytest
import torch

from pad_core.model import occlusion


@pytest.mark.parametrize("size", range(1, 9))
@pytest.mark.parametrize("intensity", [0.1, 0.5, 0.9])
def test_occluded_area_is_the_intensity_in_expectation(size, intensity, random):
    uniforms = occlusion.draw_uniforms(2000, random)
    area = 1 - occlusion.masks(uniforms, intensity, size).mean().item()
    # Patches are independent: the standard error of the mean over 2,000 masks.
    patches = (32 // size) ** 2
    assert abs(area - intensity) < 5 * (intensity * (1 - intensity) / (2000 * patches)) ** 0.5


def test_bounds_nothing_and_everything(random):
    uniforms = occlusion.draw_uniforms(10, random)
    assert occlusion.masks(uniforms, 0.0, 4).min() == 1
    assert occlusion.masks(uniforms, 1.0, 4).max() == 0


@pytest.mark.parametrize("size", range(1, 9))
def test_patches_are_squares_on_a_grid(size, random):
    mask = occlusion.masks(occlusion.draw_uniforms(3, random), 0.5, size)[:, 0]
    for y in range(0, 32, size):
        for x in range(0, 32, size):
            patch = mask[:, y : y + size, x : x + size].flatten(1)
            assert (patch == patch[:, :1]).all()


def test_equals_a_loop_over_patches(random):
    uniforms = occlusion.draw_uniforms(2, random)
    mask = torch.ones(2, 1, 32, 32)
    for b in range(2):
        for i, y in enumerate(range(0, 32, 5)):
            for j, x in enumerate(range(0, 32, 5)):
                if uniforms[b, i, j] < 0.4:
                    mask[b, :, y : y + 5, x : x + 5] = 0
    assert torch.equal(occlusion.masks(uniforms, 0.4, 5), mask)


def test_more_intensity_keeps_what_was_occluded(random):
    uniforms = occlusion.draw_uniforms(50, random)
    light, heavy = (occlusion.masks(uniforms, p, 4) for p in (0.3, 0.6))
    assert (heavy <= light).all()
    assert (heavy < light).any()


def test_sizes_and_intensities_per_image_equal_one_at_a_time(random):
    uniforms = occlusion.draw_uniforms(3, random)
    sizes, levels = torch.tensor([1, 4, 7]), torch.tensor([0.2, 0.5, 0.8])
    together = occlusion.masks(uniforms, levels, sizes)
    for i in range(3):
        alone = occlusion.masks(uniforms[i : i + 1], float(levels[i]), int(sizes[i]))
        assert torch.equal(together[i], alone[0])


def test_nrem_draws_one_mask_a_batch_with_all_sizes_and_intensities(random):
    areas, blocks = [], set()
    for _ in range(400):
        mask = occlusion.draw_nrem_mask(random)
        assert mask.shape == (1, 1, 32, 32)
        areas.append(1 - mask.mean().item())
        rows = (mask[0, 0, :, 1:] != mask[0, 0, :, :-1]).any(0).nonzero().flatten() + 1
        if len(rows):
            blocks.add(int(torch.gcd(rows, rows[0]).min()))
    areas = torch.tensor(areas)
    # p ~ U(0, 1), so the area's mean is 1/2; its spread is at least that of p.
    assert abs(areas.mean() - 0.5) < 0.07
    assert areas.std() > 0.25
    assert {1, 2, 3, 4, 5, 6, 7, 8} <= blocks


def test_occlude_gives_each_image_its_own_mask_and_grey(random):
    images = torch.ones(20, 3, 32, 32)
    occluded = occlusion.occlude(images, 0.5, 4, random)
    assert set(occluded.unique().tolist()) == {0.0, 1.0}
    assert len({tuple(image.flatten().tolist()) for image in occluded}) == 20
    assert (occluded[:, 0] == occluded[:, 1]).all()
