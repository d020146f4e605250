"""Layered drawing of states within states: places for boxes, paths for edges, room for labels.

Pure geometry: nothing here knows of machines or fonts. Each region is drawn in layers along its direction (Sugiyama's
method): from the outside in as far as layers go, from the inside out as far as places go. So siblings stand apart, what
stands in a box lies inside it, and an edge runs between the layers, beside boxes.

Reading order; each imports only those above it:

    graph         what is drawn: nodes, regions, links, and where they have come to lie
    borders       the borders that each link crosses
    layers        the layer of each node
    ranks         the items of each layer, with those through which links pass
    ordering      their order within a layer, with few crossings
    positions     their places across the flow
    straight      long links, kept straight
    tracks        detours of long links, where there is much to draw
    ports         the points at which links leave and enter a node
    regions       one region, drawn
    compound      all of them, within each other
    paths         links as paths
"""

from argentos.machines.layout.compound import arrange
from argentos.machines.layout.graph import Box, Direction, Link, Node, Point, Region
from argentos.machines.layout.paths import Path, label_box, number, path_of

__all__ = ["Box", "Direction", "Link", "Node", "Path", "Point", "Region", "arrange", "label_box", "number", "path_of"]
