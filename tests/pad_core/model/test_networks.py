import torch
from torch.nn import functional as F

from pad_core.model.networks import LATENT_SIZE, build_networks, encode_all


def test_parameter_counts_match_the_architecture():
    networks = build_networks(0)
    counts = [sum(p.numel() for p in network.parameters()) for network in networks]
    assert counts == [1_711_809, 1_707_459]


def test_shapes_and_ranges(random):
    networks = build_networks(0)
    images = torch.rand((5, 3, 32, 32), generator=random) * 2 - 1
    latents, logits = networks.encoder(images)
    assert latents.shape == (5, LATENT_SIZE)
    assert logits.shape == (5,)
    dreams = networks.generator(latents)
    assert dreams.shape == images.shape
    assert dreams.abs().max() < 1


def test_heads_alone_equal_the_whole(random):
    encoder = build_networks(1).encoder
    images = torch.rand((3, 3, 32, 32), generator=random) * 2 - 1
    latents, logits = encoder(images)
    assert torch.equal(encoder.latents(images), latents)
    assert torch.equal(encoder.logits(images), logits)


def test_forward_equals_plain_convolutions(random):
    networks = build_networks(2)
    images = torch.rand((4, 3, 32, 32), generator=random) * 2 - 1
    w = networks.encoder.state_dict()
    h = images
    for layer in ("conv1", "conv2", "conv3"):
        h = F.conv2d(h, w[f"{layer}.weight"], w[f"{layer}.bias"], stride=2, padding=1)
        h = torch.where(h > 0, h, 0.2 * h)
    z = F.conv2d(h, w["conv4.weight"], w["conv4.bias"], stride=2)
    d = F.conv2d(h, w["dis.weight"], w["dis.bias"], stride=2)
    latents, logits = networks.encoder(images)
    torch.testing.assert_close(latents, z.flatten(1), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(logits, d.flatten(), rtol=1e-4, atol=1e-5)

    w = networks.generator.state_dict()
    h = F.conv_transpose2d(z, w["tconv1.weight"], w["tconv1.bias"], stride=2)
    for layer in ("tconv2", "tconv3", "tconv4"):
        h = torch.where(h > 0, h, 0.2 * h)
        weight, bias = w[f"{layer}.weight"], w[f"{layer}.bias"]
        h = F.conv_transpose2d(h, weight, bias, stride=2, padding=1)
    torch.testing.assert_close(networks.generator(z.flatten(1)), h.tanh(), rtol=1e-4, atol=1e-5)


def test_initial_weights_are_the_dcgans_and_depend_on_the_seed():
    a, b, again = build_networks(0), build_networks(1), build_networks(0)
    for network in a:
        for name, p in network.named_parameters():
            if name.endswith("weight") and p.numel() > 10_000:
                assert abs(p.std().item() - 0.02) < 5e-4, name
                assert abs(p.mean().item()) < 5e-4, name
            elif name.endswith("bias"):
                assert p.abs().max() < 0.2, name
    assert torch.equal(a.encoder.conv1.weight, again.encoder.conv1.weight)
    assert not torch.equal(a.encoder.conv1.weight, b.encoder.conv1.weight)


def test_encode_all_is_one_pass_in_batches(random):
    encoder = build_networks(0).encoder
    images = torch.randint(0, 256, (7, 3, 32, 32), generator=random, dtype=torch.uint8)
    latents = encode_all(encoder, images, batch_size=3)
    whole = encoder.latents(images.float() / 127.5 - 1)
    torch.testing.assert_close(latents, whole, rtol=1e-4, atol=1e-5)
    assert encode_all(encoder, images[:0]).shape == (0, LATENT_SIZE)
