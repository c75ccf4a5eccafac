"""A small convolutional network learns handwritten digits.

The 1,797 images of 8 x 8 pixels come with scikit-learn. The program prints loss and accuracy per epoch, draws a
learning curve and a grid of predictions, saves a checkpoint, loads it into a new network and shows that it predicts
the same.

    python docs/examples/digits.py                    # NumPy, under a minute
    python docs/examples/digits.py --small            # a few hundred images, a tiny network
    python docs/examples/digits.py --device reference # the same on the pure-Python backend, same losses
"""

import argparse
import importlib
import time
from pathlib import Path
from types import SimpleNamespace

from sklearn.datasets import load_digits
from tqdm import tqdm

FULL = SimpleNamespace(images=1797, test=360, channels=(16, 32), batch=32, epochs=15, lr=5e-3)
SMALL = SimpleNamespace(images=240, test=80, channels=(4, 6), batch=20, epochs=6, lr=2e-2)


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="numpy", help="numpy (the default), reference, or any other device string")
    parser.add_argument("--small", action="store_true", help="train the small version, as --device reference does")
    parser.add_argument("--epochs", type=int, help="passes through the training images")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("build/demo"), help="where pictures and checkpoint go")
    parser.add_argument("--framework", default="flambeau", help=argparse.SUPPRESS)  # the same program on torch
    return parser.parse_args()


args = options()
torch = importlib.import_module(args.framework)
nn, F, data = torch.nn, torch.nn.functional, torch.utils.data
setting = SMALL if args.small or args.device == "reference" else FULL
device = "cpu" if args.framework == "torch" else args.device


class Net(nn.Module):
    """Two convolutions with pooling, one linear layer: 8 x 8 pixels to 10 scores."""

    def __init__(self, first, second):
        super().__init__()
        self.conv1 = nn.Conv2d(1, first, 3, padding=1)
        self.conv2 = nn.Conv2d(first, second, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.classify = nn.Linear(second * 2 * 2, 10)

    def forward(self, x):  # (B, 1, 8, 8)
        x = self.pool(torch.relu(self.conv1(x)))  # (B, first, 4, 4)
        x = self.pool(torch.relu(self.conv2(x)))  # (B, second, 2, 2)
        return self.classify(torch.flatten(x, 1))  # (B, 10)


def digits():
    """Training and test set, split by the seed; pixels from 0 to 1."""
    bunch = load_digits()
    images = torch.tensor(bunch.images[: setting.images] / 16, dtype=torch.float32).unsqueeze(1)
    labels = torch.tensor(bunch.target[: setting.images].tolist())
    dataset = data.TensorDataset(images.to(device), labels.to(device))
    return data.random_split(dataset, [setting.images - setting.test, setting.test])


def train_epoch(model, loader, optimizer, title):
    """One pass through the images; the mean loss and the share of right answers on the way."""
    model.train()
    loss_sum, right, seen = 0.0, 0, 0
    progress = tqdm(total=len(loader), desc=title, leave=False, ascii=True)
    for images, labels in loader:
        optimizer.zero_grad()
        scores = model(images)
        loss = F.cross_entropy(scores, labels)
        loss.backward()
        optimizer.step()
        loss_sum += loss.item() * len(labels)
        right += (scores.argmax(1) == labels).sum().item()
        seen += len(labels)
        progress.set_postfix(loss=f"{loss_sum / seen:.4f}", refresh=False)
        progress.update()  # counts, then draws
    progress.close()
    return loss_sum / seen, right / seen


def predict(model, dataset):
    """Images, true and predicted labels of a whole dataset."""
    model.eval()
    with torch.no_grad():
        images, labels = next(iter(data.DataLoader(dataset, batch_size=len(dataset))))
        return images, labels, model(images).argmax(1)


def accuracy(labels, predicted):
    return (labels == predicted).float().mean().item()


def train(model, training, test):
    """Trains with a falling learning rate; returns (epoch, loss, train accuracy, test accuracy) of each epoch."""
    epochs = args.epochs or setting.epochs
    loader = data.DataLoader(training, batch_size=setting.batch, shuffle=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=setting.lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs)
    history = []
    for epoch in range(1, epochs + 1):
        loss, train_accuracy = train_epoch(model, loader, optimizer, f"epoch {epoch}")
        schedule.step()
        _, labels, predicted = predict(model, test)
        history.append((epoch, loss, train_accuracy, accuracy(labels, predicted)))
        print(f"epoch {epoch:2d}  loss {loss:.5f}  train accuracy {train_accuracy:7.2%}  "
              f"test accuracy {history[-1][3]:7.2%}", flush=True)
    return history


def draw(history, images, labels, predicted, path):
    """Learning curve on the left, test images with their predictions on the right; wrong ones in red."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    epochs, losses, train_accuracies, test_accuracies = zip(*history, strict=True)
    figure = plt.figure(figsize=(11, 5), layout="constrained")
    left, right = figure.subfigures(1, 2)
    above, below = left.subplots(2, 1, sharex=True)
    above.plot(epochs, losses, marker="o")
    above.set_ylabel("training loss")
    below.plot(epochs, train_accuracies, marker="o", label="train")
    below.plot(epochs, test_accuracies, marker="s", label="test")
    below.set(xlabel="epoch", ylabel="accuracy")
    below.legend()
    # A wrong answer sorts before a right one, so that the grid shows what the network still mistakes.
    rows = zip(images.tolist(), labels.tolist(), predicted.tolist(), strict=True)
    shown = sorted(rows, key=lambda row: row[1] == row[2])
    for axis, (image, label, guess) in zip(right.subplots(5, 8).flat, shown, strict=False):
        axis.imshow(image[0], cmap="gray_r")
        right_answer = guess == label
        title = f"{guess}" if right_answer else f"{guess}, is {label}"
        axis.set_title(title, color="black" if right_answer else "red", fontsize=9, pad=2)
        axis.axis("off")
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main():
    torch.manual_seed(args.seed)
    args.out.mkdir(parents=True, exist_ok=True)
    training, test = digits()
    model = Net(*setting.channels).to(device)
    count = sum(parameter.numel() for parameter in model.parameters())
    print(f"{len(training)} images to learn from, {len(test)} to test on; {count} parameters; "
          f"{args.framework} on {next(model.parameters()).device}")
    start = time.perf_counter()
    history = train(model, training, test)
    print(f"trained in {time.perf_counter() - start:.1f} s")

    images, labels, predicted = predict(model, test)
    draw(history, images, labels, predicted, args.out / "digits.png")
    torch.save(model.state_dict(), args.out / "digits.pt")
    again = Net(*setting.channels).to(device)
    again.load_state_dict(torch.load(args.out / "digits.pt"))
    same = predict(again, test)[2].tolist() == predicted.tolist()
    if not same:
        raise SystemExit("the loaded checkpoint predicts differently")
    print(f"the checkpoint, loaded again, gives the same {len(test)} predictions")
    print(f"test accuracy {accuracy(labels, predicted):.2%}; see {args.out / 'digits.png'}")


if __name__ == "__main__":
    main()
