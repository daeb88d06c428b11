from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from avatar.errors import PhotoError, WeightsError
from avatar.face import topology
from avatar.face.detect import FAR_ANCHORS, NEAR_ANCHORS, SMALLEST_PART, Face, parts, without_doubles
from avatar.face.landmarks import FaceFinder, chosen_face, head_pose, several_faces
from avatar.face.network import Square
from avatar.stages import FaceChoice
from tests.unit.face.drawn import drawn_landmarks


def _face(left: float, top: float, side: float, score: float) -> Face:
    return Face(left, top, left + side, top + side, score, np.zeros((6, 2), np.float32))


def test_the_detectors_see_every_cell() -> None:
    assert NEAR_ANCHORS.shape == (896, 2)
    assert FAR_ANCHORS.shape == (2304, 2)
    assert np.allclose(FAR_ANCHORS.mean(axis=0), 0.5)
    assert np.allclose(NEAR_ANCHORS[:2], 0.5 / 16)


def test_of_overlapping_faces_the_surest_stays() -> None:
    faces = [_face(0, 0, 100, 0.7), _face(5, 5, 100, 0.9), _face(300, 0, 50, 0.6)]
    assert [face.score for face in without_doubles(faces)] == [0.9, 0.6]


@pytest.mark.parametrize("turn", [0.0, 0.4, -1.2])
def test_points_of_a_turned_square_go_back_to_where_they_were_cut(turn: float) -> None:
    photo = np.zeros((200, 300, 3), np.uint8)
    photo[80:83, 160:163] = 255
    square = Square(150.0, 90.0, 120.0, turn)
    cut = square.cut(photo, 64).sum(axis=2)
    y, x = np.unravel_index(int(cut.argmax()), cut.shape)
    back = square.back(np.array([[x, y, 1.0]], dtype=np.float32), 64)
    assert np.allclose(back[0, :2], [161, 81], atol=2.5)
    assert back[0, 2] == pytest.approx(120 / 64)


def _turned(yaw: float, roll: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """The drawn face turned further: the nose goes to the viewer's right, the crown to the right."""
    points = drawn_landmarks().astype(np.float64)
    x, z = points[:, 0].copy(), points[:, 2].copy()
    points[:, 0], points[:, 2] = x * np.cos(yaw) - z * np.sin(yaw), x * np.sin(yaw) + z * np.cos(yaw)
    x, y = points[:, 0].copy(), points[:, 1].copy()
    points[:, 0], points[:, 1] = x * np.cos(roll) - y * np.sin(roll), x * np.sin(roll) + y * np.cos(roll)
    return points.astype(np.float32)


def test_the_pose_tells_turns_and_their_direction() -> None:
    rest = head_pose(drawn_landmarks())
    turned = head_pose(_turned(0.3, 0.0))
    tipped = head_pose(_turned(0.0, 0.2))
    assert turned.yaw - rest.yaw == pytest.approx(0.3, abs=0.03)
    assert tipped.roll - rest.roll == pytest.approx(0.2, abs=0.02)
    nose, cheeks = _turned(0.3, 0.0)[topology.NOSE_TIP, 0], _turned(0.3, 0.0)[[234, 454], 0].mean()
    start = drawn_landmarks()[topology.NOSE_TIP, 0] - drawn_landmarks()[[234, 454], 0].mean()
    assert nose - cheeks > start


def test_the_sentence_says_how_many_faces_there_are_and_where() -> None:
    error = several_faces([_face(0, 100, 100, 0.9), _face(500, 100, 100, 0.9)], 600, 300)
    assert "2 faces" in error.en
    assert "1 middle left, 2 middle right" in error.en
    assert "2 张脸" in error.zh
    assert "1 左中、2 右中" in error.zh


@pytest.mark.parametrize(("width", "height"), [(2048, 1365), (500, 400), (300, 1900)])
@pytest.mark.parametrize("division", [1, 2, 4])
def test_parts_cover_the_picture_and_overlap(width: int, height: int, division: int) -> None:
    photo = np.zeros((height, width, 3), np.uint8)
    seen = np.zeros((height, width), np.int32)
    for x, y, part in parts(photo, division):
        seen[y : y + part.shape[0], x : x + part.shape[1]] += 1
        assert min(part.shape[:2]) >= min(SMALLEST_PART, height, width)
    assert seen.min() >= 1 or (division > 1 and max(width, height) < SMALLEST_PART * division and seen.max() == 0)


PHOTO = np.zeros((300, 600, 3), np.uint8)


def test_the_face_of_a_number_is_taken_and_a_number_too_high_is_told() -> None:
    faces = [_face(0, 100, 100, 0.9), _face(500, 100, 90, 0.9)]
    assert chosen_face(faces, FaceChoice(2), PHOTO) is faces[1]
    assert chosen_face([faces[0], _face(500, 100, 35, 0.9)], FaceChoice(), PHOTO) is faces[0]
    for choice, code in ((FaceChoice(3), "no_such_face"), (FaceChoice(0), "no_such_face"), (FaceChoice(), "several")):
        with pytest.raises(PhotoError) as caught:
            chosen_face(faces, choice, PHOTO)
        assert caught.value.code.startswith(code)


def test_no_face_is_told_with_the_way_out_and_a_tiny_one_with_its_size() -> None:
    with pytest.raises(PhotoError, match="mark the eyes"):
        chosen_face([], FaceChoice(), PHOTO)
    with pytest.raises(PhotoError, match="only 20 pixels"):
        chosen_face([_face(0, 0, 20, 0.9)], FaceChoice(), PHOTO)


def test_missing_weights_name_the_command_that_mends_it(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="avatar models pull face-landmarks"):
        FaceFinder(tmp_path)
    (tmp_path / "face_detection_full_range_sparse.tflite").write_bytes(b"not a model")
    with pytest.raises(WeightsError, match="damaged"):
        FaceFinder(tmp_path)


def test_the_mesh_covers_the_face_once() -> None:
    triangles = topology.triangles()
    assert triangles.shape == (topology.SKIN_TRIANGLES + 46, 3)
    assert set(np.unique(triangles)) == set(range(topology.COUNT))
    edges: dict[tuple[int, int], int] = {}
    for a, b, c in triangles.tolist():
        for edge in ((a, b), (b, c), (c, a)):
            edges[edge] = edges.get(edge, 0) + 1
    assert set(edges.values()) == {1}, "no edge is run through twice in one direction"
    border = {edge for edge in edges if edge[::-1] not in edges}
    assert {point for edge in border for point in edge} == set(topology.OVAL)
